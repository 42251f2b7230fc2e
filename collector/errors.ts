/**
 * Every error the collector can raise or answer with: code, HTTP status, google.rpc.Code (the `code` of the
 * OTLP Status message) and what the reader can do about it. `docs/schema.md` and dashboards use the codes.
 */
interface ErrorSpec {
  readonly status: number;
  /** google.rpc.Code */
  readonly rpcCode: number;
  readonly advice: string;
}

export const errorTable = {
  malformed: {
    status: 400,
    rpcCode: 3,
    advice: 'send an OTLP Export…ServiceRequest in the encoding of its content-type',
  },
  bad_compression: {
    status: 400,
    rpcCode: 3,
    advice: 'the body is not what content-encoding says; compress it again',
  },
  too_many_items: { status: 400, rpcCode: 3, advice: 'split the export into smaller requests' },
  unauthenticated: {
    status: 401,
    rpcCode: 16,
    advice: 'send Authorization: Bearer with a telemetry token or the server key',
  },
  forbidden: {
    status: 403,
    rpcCode: 7,
    advice: 'a telemetry token may write logs and traces of its own participant only',
  },
  not_found: { status: 404, rpcCode: 5, advice: 'post to /v1/logs, /v1/traces or /v1/metrics' },
  body_too_large: { status: 413, rpcCode: 8, advice: 'send smaller batches' },
  unsupported_media_type: {
    status: 415,
    rpcCode: 3,
    advice: 'use application/x-protobuf or application/json',
  },
  unsupported_encoding: {
    status: 415,
    rpcCode: 3,
    advice: 'use content-encoding gzip, zstd, deflate or none',
  },
  too_many_requests: {
    status: 429,
    rpcCode: 8,
    advice: 'wait as Retry-After says, and send fewer, larger batches',
  },
  internal: { status: 500, rpcCode: 13, advice: 'see the log of the collector' },
  store_unavailable: { status: 503, rpcCode: 14, advice: 'send the same batch again after Retry-After' },
  store_refused: {
    status: 503,
    rpcCode: 14,
    advice: 'ClickHouse refused the rows; see the log of the collector',
  },
  overloaded: { status: 503, rpcCode: 14, advice: 'send the same batch again after Retry-After' },
  not_ready: { status: 503, rpcCode: 14, advice: 'the schema is being brought up to date; see /readyz' },
  stopping: { status: 503, rpcCode: 14, advice: 'send the same batch again after Retry-After' },
  schema_changed: {
    status: 503,
    rpcCode: 9,
    advice: 'never edit an applied migration: restore the file, put the change in a new one',
  },
  schema_newer: {
    status: 503,
    rpcCode: 9,
    advice: 'this database belongs to a newer build: deploy that, or use another database',
  },
  schema_statement_failed: {
    status: 503,
    rpcCode: 13,
    advice: 'mend what ClickHouse names; migrations resume where they stopped',
  },
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof errorTable;

export interface CollectorErrorOptions extends ErrorOptions {
  /** Sent as Retry-After, whole seconds. */
  readonly retryAfterSeconds?: number;
}

/** `message` says what was wrong and where; what to do about it is added from the table. */
export class CollectorError extends Error {
  override readonly name = 'CollectorError';
  readonly code: ErrorCode;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: CollectorErrorOptions = {}) {
    super(`${message}; ${errorTable[code].advice}`, options);
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): number {
    return errorTable[this.code].status;
  }

  get rpcCode(): number {
    return errorTable[this.code].rpcCode;
  }
}
