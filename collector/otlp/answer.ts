/**
 * What the collector answers: `Export…ServiceResponse` (partial success has the same field numbers for logs,
 * traces and metrics) and google.rpc.Status, in the encoding of the request.
 */
export type Encoding = 'protobuf' | 'json';
export type Signal = 'logs' | 'traces' | 'metrics';

export const contentTypes: Record<Encoding, string> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
};

const rejectedMembers: Record<Signal, string> = {
  logs: 'rejectedLogRecords',
  traces: 'rejectedSpans',
  metrics: 'rejectedDataPoints',
};

export interface PartialSuccess {
  readonly rejected: number;
  /** Why; empty when nothing was rejected. */
  readonly message: string;
}

/** All accepted: an empty message, as the specification asks. */
export function encodeResponse(signal: Signal, partial: PartialSuccess, encoding: Encoding): Buffer {
  const nothing = partial.rejected === 0 && partial.message === '';
  if (encoding === 'json') {
    const { rejected, message } = partial;
    const partialSuccess = { [rejectedMembers[signal]]: String(rejected), errorMessage: message };
    return Buffer.from(JSON.stringify(nothing ? {} : { partialSuccess }));
  }
  if (nothing) return Buffer.alloc(0);
  const partialSuccess = Buffer.concat([varintOf(1, partial.rejected), textOf(2, partial.message)]);
  return Buffer.concat([Buffer.from([0x0a]), varint(partialSuccess.length), partialSuccess]);
}

export function encodeStatus(rpcCode: number, message: string, encoding: Encoding): Buffer {
  if (encoding === 'json') return Buffer.from(JSON.stringify({ code: rpcCode, message }));
  return Buffer.concat([varintOf(1, rpcCode), textOf(2, message)]);
}

function varintOf(field: number, value: number): Buffer {
  return value === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([field << 3]), varint(value)]);
}

function textOf(field: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([(field << 3) | 2]), varint(bytes.length), bytes]);
}

/** @param value non-negative and below 2^31 */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return Buffer.from([...bytes, rest]);
}
