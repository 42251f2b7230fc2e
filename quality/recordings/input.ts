/**
 * From the bytes of a recording, packed with gzip or not, to the recording; line by line where the format allows it.
 * Where the bytes come from (a file, an upload) is the caller's business.
 */
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { RecordingError } from './error.ts';
import type { Limits } from './limits.ts';
import { detectFormat, headLength, lineReader, readWholeInternals, tooLong } from './read.ts';
import type { Recording } from './recording.ts';

/**
 * @throws RecordingError when the content is at fault
 * @throws whatever the source of the bytes throws
 */
export async function readRecordingBytes(
  chunks: AsyncIterable<Uint8Array>,
  limits: Limits,
): Promise<Recording> {
  const texts = textsOf(chunks)[Symbol.asyncIterator]();
  let head = '';
  let ended = false;
  while (head.length < headLength && !ended) {
    const next = await texts.next();
    ended = next.done === true;
    if (!next.done) head += next.value;
  }
  try {
    const rest = ended ? none() : { [Symbol.asyncIterator]: () => texts };
    const format = detectFormat(head);
    if (format === 'internals') return readWholeInternals(await whole(head, rest, limits), limits);
    const reader = lineReader(format, limits);
    let number = 0;
    for await (const line of linesOf(head, rest, limits)) reader.line(line, ++number);
    return reader.finish();
  } finally {
    await texts.return?.(undefined);
  }
}

async function* none(): AsyncGenerator<string> {}

async function* textsOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of unpacked(chunks)) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

async function* unpacked(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = chunks[Symbol.asyncIterator]();
  let start = new Uint8Array();
  // The first two bytes tell; a source may give them one by one.
  while (start.length < 2) {
    const next = await source.next();
    if (next.done) break;
    start = start.length === 0 ? new Uint8Array(next.value) : Uint8Array.from([...start, ...next.value]);
  }
  const all = startingWith(start, source);
  if (start[0] !== 0x1f || start[1] !== 0x8b) {
    yield* all;
    return;
  }
  const gunzip = createGunzip();
  const packed = Readable.from(all, { objectMode: false });
  // Errors of the source reach the reader of the unpacked stream.
  packed.on('error', (error) => gunzip.destroy(error));
  packed.pipe(gunzip);
  try {
    yield* gunzip;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!code.startsWith('Z_')) throw error;
    const what = code === 'Z_BUF_ERROR' ? 'is cut off' : 'is broken';
    throw new RecordingError(`the gzip data ${what}`, { byte: gunzip.bytesWritten });
  } finally {
    packed.destroy();
  }
}

async function* startingWith(start: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (start.length > 0) yield start;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.(undefined);
  }
}
async function whole(head: string, rest: AsyncIterable<string>, limits: Limits): Promise<string> {
  const parts = [head];
  let length = head.length;
  for await (const text of rest) {
    length += text.length;
    if (length > limits.textLength) throw new RecordingError(tooLong(limits), { byte: limits.textLength });
    parts.push(text);
  }
  return parts.join('');
}

async function* linesOf(head: string, rest: AsyncIterable<string>, limits: Limits): AsyncGenerator<string> {
  let number = 1;
  let begun: string[] = [];
  let length = 0;
  const take = (text: string): void => {
    begun.push(text);
    length += text.length;
    if (length > limits.lineLength) {
      throw new RecordingError(`a line longer than ${Math.round(limits.lineLength / 2 ** 20)} MiB`, {
        line: number,
        column: limits.lineLength + 1,
      });
    }
  };
  for await (const text of after(head, rest)) {
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      take(text.slice(start, end));
      yield begun.join('');
      begun = [];
      length = 0;
      number++;
      start = end + 1;
    }
    if (start < text.length) take(text.slice(start));
  }
  yield begun.join('');
}

async function* after(head: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield head;
  yield* rest;
}
