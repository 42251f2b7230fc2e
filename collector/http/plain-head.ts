/**
 * The head of a request as clients of telemetry send it (RFC 9112), and nothing else: what is unusual in any way is left
 * to node:http, which then sees the same bytes.
 */
import type { Signal } from '../otlp/answer.ts';
import { type Posted, signals } from './posted.ts';

export interface PlainHead {
  readonly signal: Signal;
  readonly method: Posted['method'];
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Bytes of the head, with the empty line. */
  readonly bytes: number;
  readonly contentLength: number;
}

/** Longest head looked at, bytes; ours have some 700. */
export const mostHeadBytes = 8_192;
/** Longest body read before anybody is asked who sends it, bytes. */
export const mostPlainBodyBytes = 256 * 1024;

const requestLines = new Map<string, Pick<PlainHead, 'signal' | 'method'>>(
  signals.flatMap((signal) =>
    (['POST', 'OPTIONS'] as const).map((method) => [`${method} /v1/${signal} HTTP/1.1`, { signal, method }]),
  ),
);

/** These change how a body is read or what becomes of the connection. */
const unusual = new Set(['transfer-encoding', 'expect', 'upgrade', 'trailer', 'te', 'proxy-connection']);

const emptyLine = Buffer.from('\r\n\r\n');
const firstLetters: ReadonlySet<number | undefined> = new Set(['P', 'O'].map((c) => c.charCodeAt(0)));

/**
 * @param bytes from the beginning of a request on
 * @returns `more` where the head has not come whole, `other` for what node:http must read
 */
export function readHead(bytes: Buffer): PlainHead | 'more' | 'other' {
  if (!firstLetters.has(bytes[0])) return 'other';
  const end = bytes.indexOf(emptyLine);
  if (end < 0) return bytes.length < mostHeadBytes ? 'more' : 'other';
  if (end > mostHeadBytes) return 'other';
  const text = bytes.toString('latin1', 0, end);
  // No control character, no line that goes on, no end of line but CRLF.
  if (!/^(?:[\x20-\x7e]|\r\n(?=[^ ]))*$/.test(text)) return 'other';
  const lines = text.split('\r\n');
  const line = requestLines.get(lines[0]!);
  if (!line) return 'other';
  const headers = new Map<string, string>();
  for (let i = 1; i < lines.length; i++) {
    const header = lines[i]!;
    const colon = header.indexOf(':');
    const name = header.slice(0, Math.max(colon, 0)).toLowerCase();
    if (!/^[a-z0-9-]+$/.test(name) || unusual.has(name) || headers.has(name)) return 'other';
    headers.set(name, header.slice(colon + 1).trim());
  }
  const connection = headers.get('connection');
  if (connection !== undefined && connection.toLowerCase() !== 'keep-alive') return 'other';
  const length = headers.get('content-length') ?? (line.method === 'OPTIONS' ? '0' : '');
  if (!headers.has('host') || !/^\d{1,7}$/.test(length)) return 'other';
  const contentLength = Number(length);
  if (contentLength > (line.method === 'POST' ? mostPlainBodyBytes : 0)) return 'other';
  return { ...line, headers, bytes: end + emptyLine.length, contentLength };
}
