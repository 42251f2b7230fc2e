/** What a request's headers say about its body, the body read within bounds, and unpacked within bounds. */
import type { IncomingMessage } from 'node:http';
import { inflateSync, zstdDecompressSync } from 'node:zlib';
import { CollectorError } from '../errors.ts';
import { contentTypes, type Encoding } from '../otlp/answer.ts';
import { gunzip } from './gunzip.ts';

/** Largest body as sent, bytes. */
export const maxBodyBytes = 4 * 2 ** 20;
/** Largest body once unpacked, bytes: telemetry shrinks to a fourteenth, a bomb to a thousandth. */
export const maxUnpackedBytes = 32 * 2 ** 20;

/** @throws CollectorError `unsupported_media_type` */
export function encodingOf(contentType: string | undefined): Encoding {
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type === contentTypes.protobuf) return 'protobuf';
  if (type === contentTypes.json) return 'json';
  throw new CollectorError('unsupported_media_type', `content-type is ${JSON.stringify(type)}`);
}

/** The sender is gone before its body was whole: there is nobody to answer. */
export class SenderGone extends Error {
  override readonly name = 'SenderGone';
}

/** @throws CollectorError `body_too_large`, or SenderGone */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const tooLarge = () =>
      new CollectorError('body_too_large', `the body has more than ${maxBodyBytes} bytes`);
    if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) return reject(tooLarge());
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maxBodyBytes) chunks.push(chunk);
      else {
        chunks.length = 0;
        reject(tooLarge());
      }
    });
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length)));
    request.on('error', () => reject(new SenderGone()));
    if (request.destroyed) reject(new SenderGone());
  });
}

/**
 * Synchronous: bodies are small, and a thread's round trip costs half as much again. Use the result up before the next
 * call: it may share its memory.
 * @throws CollectorError `unsupported_encoding`, `bad_compression` or `body_too_large`
 */
export function unpack(body: Buffer, contentEncoding: string | undefined): Buffer {
  const encoding = contentEncoding?.trim().toLowerCase() || 'identity';
  const options = { maxOutputLength: maxUnpackedBytes };
  try {
    switch (encoding) {
      case 'identity':
        return body;
      case 'gzip':
        return gunzip(body, maxUnpackedBytes);
      case 'deflate':
        return inflateSync(body, options);
      case 'zstd':
        return zstdDecompressSync(body, options);
    }
  } catch (error) {
    if (error instanceof RangeError) {
      throw new CollectorError('body_too_large', `the body unpacks to more than ${maxUnpackedBytes} bytes`);
    }
    throw new CollectorError('bad_compression', `the body is not ${encoding}`, { cause: error });
  }
  throw new CollectorError('unsupported_encoding', `content-encoding is ${JSON.stringify(encoding)}`);
}
