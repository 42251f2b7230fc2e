/** google.rpc.Status with google.rpc.RetryInfo, which tells an OTLP/gRPC client when to send again. */
import { encodeStatus } from '../otlp/answer.ts';

const retryInfoType = Buffer.from('type.googleapis.com/google.rpc.RetryInfo');

export function encodeErrorDetails(rpcCode: number, message: string, retryAfterSeconds?: number): Buffer {
  const status = encodeStatus(rpcCode, message, 'protobuf');
  if (retryAfterSeconds === undefined) return status;
  // RetryInfo.retry_delay (1) is a Duration with seconds (1); at most 127 of them fit one byte, which is enough.
  const seconds = Math.min(Math.max(Math.ceil(retryAfterSeconds), 1), 127);
  const retryInfo = Buffer.from([0x0a, 2, 0x08, seconds]);
  const any = Buffer.concat([
    Buffer.from([0x0a, retryInfoType.length]),
    retryInfoType,
    Buffer.from([0x12, retryInfo.length]),
    retryInfo,
  ]);
  return Buffer.concat([status, Buffer.from([0x1a, any.length]), any]);
}
