/** Faults of the pipelines, each with what it means and what to do. */
const meanings = {
  store_unavailable: 'ClickHouse did not answer; the job is retried, and the work list finds what was missed',
  store_refused:
    'ClickHouse refused a query; the schema and this build do not fit: start the collector of this build, which migrates',
  bad_job: 'a job on the queue is not of this build; it is dropped, the work list makes a new one',
} as const;

export type PipelinesErrorCode = keyof typeof meanings;

export class PipelinesError extends Error {
  override readonly name = 'PipelinesError';
  readonly code: PipelinesErrorCode;
  constructor(code: PipelinesErrorCode, detail: string, options?: ErrorOptions) {
    super(`${detail} (${code}: ${meanings[code]})`, options);
    this.code = code;
  }
}
