/**
 * What stands in the spool, as bytes. A record is
 *
 *   u32 length of what follows the checksum · u32 CRC-32 of it · u8 type · f64 sequence number · content
 *
 * little-endian. Content by type: a request (its facts as JSON, its digest, its body as it came), a cut (table and
 * the last request whose rows are in the block) or done (the same, once ClickHouse has acknowledged the block).
 */
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { telemetryClaims } from '../../telemetry/tokens.ts';

export const recordType = { request: 1, cut: 2, done: 3 } as const;

const headBytes = 8;
const fixedBytes = 9;
/** Of SHA-256. */
export const digestBytes = 32;
/** No request is longer, whatever a damaged length says. */
const maxLength = 64 * 2 ** 20;

/** What the rows of a request depend on, beside its body. */
export const requestFacts = z.object({
  signal: z.enum(['logs', 'traces', 'metrics']),
  encoding: z.enum(['protobuf', 'json']),
  contentEncoding: z.string().optional(),
  writer: z.union([
    z.object({ kind: z.literal('server'), tenantId: z.string().optional() }),
    z.object({
      kind: z.literal('participant'),
      claims: telemetryClaims,
      about: z.record(z.string(), z.string()).optional(),
    }),
  ]),
  receivedAtMs: z.number(),
});

export type RequestFacts = z.infer<typeof requestFacts>;

export interface SpooledRequest {
  readonly facts: RequestFacts;
  readonly digest: Buffer;
  readonly body: Buffer;
}

export interface BlockEnd {
  readonly table: string;
  /** Sequence number of the last request whose rows are in the block. */
  readonly through: number;
}

export interface SpoolRecord {
  readonly type: number;
  readonly sequence: number;
  readonly content: Buffer;
}

/** @param content parts that follow one another */
export const recordBytes = (content: readonly Uint8Array[]): number =>
  content.reduce((sum, part) => sum + part.length, headBytes + fixedBytes);

/**
 * Writes a record to `target` from `start` on, where it has room for its `recordBytes`.
 * @param content parts that follow one another
 * @returns where it ends
 */
export function encodeRecord(
  target: Buffer,
  start: number,
  type: number,
  sequence: number,
  content: readonly Uint8Array[],
): number {
  const body = start + headBytes;
  target[body] = type;
  target.writeDoubleLE(sequence, body + 1);
  let end = body + fixedBytes;
  for (const part of content) {
    target.set(part, end);
    end += part.length;
  }
  target.writeUInt32LE(end - body, start);
  target.writeUInt32LE(crc32(target.subarray(body, end)), start + 4);
  return end;
}

/**
 * The record at `at`.
 * @returns undefined where there is no whole and undamaged one
 */
export function decodeRecord(bytes: Buffer, at: number): { record: SpoolRecord; end: number } | undefined {
  const start = at + headBytes;
  if (start + fixedBytes > bytes.length) return undefined;
  const length = bytes.readUInt32LE(at);
  const end = start + length;
  if (length < fixedBytes || length > maxLength || end > bytes.length) return undefined;
  if (crc32(bytes.subarray(start, end)) !== bytes.readUInt32LE(at + 4)) return undefined;
  const record = {
    type: bytes[start]!,
    sequence: bytes.readDoubleLE(start + 1),
    content: bytes.subarray(start + fixedBytes, end),
  };
  return { record, end };
}

/** A writer is one object for request after request, and the longest part of the facts. */
const writerTexts = new WeakMap<RequestFacts['writer'], string>();

/** As JSON.stringify writes it, which costs more than all else of a small request's record. */
function factsText({ signal, encoding, contentEncoding, writer, receivedAtMs }: RequestFacts): string {
  let text = writerTexts.get(writer);
  if (text === undefined) {
    text = JSON.stringify(writer);
    writerTexts.set(writer, text);
  }
  const packed = contentEncoding === undefined ? '' : `"contentEncoding":${JSON.stringify(contentEncoding)},`;
  return `{"signal":"${signal}","encoding":"${encoding}",${packed}"receivedAtMs":${receivedAtMs},"writer":${text}}`;
}

export function encodeRequest({ facts, digest, body }: SpooledRequest): Uint8Array[] {
  const text = Buffer.from(factsText(facts));
  const head = Buffer.allocUnsafe(2);
  head.writeUInt16LE(text.length);
  return [head, text, digest, body];
}

export function decodeRequest(content: Buffer): SpooledRequest {
  const factsEnd = 2 + content.readUInt16LE(0);
  return {
    facts: requestFacts.parse(JSON.parse(content.toString('utf8', 2, factsEnd))),
    digest: digestOfRequest(content),
    body: content.subarray(factsEnd + digestBytes),
  };
}

export function digestOfRequest(content: Buffer): Buffer {
  const start = 2 + content.readUInt16LE(0);
  return content.subarray(start, start + digestBytes);
}

export const encodeBlockEnd = (end: BlockEnd): Uint8Array[] => [Buffer.from(JSON.stringify(end))];

const blockEnd = z.object({ table: z.string(), through: z.number() });
export const decodeBlockEnd = (content: Buffer): BlockEnd => blockEnd.parse(JSON.parse(content.toString()));
