/** Faults of recorder and finisher, each with what it means and what to do. */
const meanings = {
  node_unreachable:
    'the media node cannot be reached; it asks for a recorder again as long as the call goes on',
  node_refused: 'recorder and media node must have the same CALLSCOPE_RECORDER_SECRET and build',
  in_use: 'another process has this folder; stop that one, or set CALLSCOPE_RECORDER_DIR to another folder',
  program_failed:
    'the work is tried again; if it stays, run the named program by hand on the folder of the recording',
  program_missing: 'install the Debian package that is named',
  store_refused: 'the store does not take the recording; it stays on the disk here, and is tried again',
  not_verified: 'what the store has is not what was sent; it is sent again',
  speech_refused: 'the speech engine did not answer as expected; the piece is tried again',
  collector_refused: 'the collector did not take the outcome; the recording stays until it did',
} as const;

export type RecorderErrorCode = keyof typeof meanings;

export class RecorderError extends Error {
  override readonly name = 'RecorderError';
  readonly code: RecorderErrorCode;

  constructor(code: RecorderErrorCode, detail: string, options?: ErrorOptions) {
    super(`${detail} (${code}: ${meanings[code]})`, options);
    this.code = code;
  }
}
