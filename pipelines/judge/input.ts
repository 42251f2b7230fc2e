/** From a file, packed with gzip or not, to a recording; line by line where the format allows it. */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { RecordingError } from '../../quality/recordings/error.ts';
import type { Limits } from '../../quality/recordings/limits.ts';
import {
  detectFormat,
  headLength,
  lineReader,
  readWholeInternals,
  tooLong,
} from '../../quality/recordings/read.ts';
import type { Recording } from '../../quality/recordings/recording.ts';

/**
 * @throws RecordingError when the content is at fault
 * @throws the file system's error when the file cannot be read
 */
export async function readRecordingFile(path: string, limits: Limits): Promise<Recording> {
  const texts = textsOf(path)[Symbol.asyncIterator]();
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

async function* textsOf(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of bytesOf(path)) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  const packed = await isGzip(path);
  const file = createReadStream(path);
  if (!packed) {
    yield* file;
    return;
  }
  const gunzip = createGunzip();
  // Errors of the file reach the reader of the unpacked stream.
  file.on('error', (error) => gunzip.destroy(error));
  file.pipe(gunzip);
  try {
    yield* gunzip;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!code.startsWith('Z_')) throw error;
    const what = code === 'Z_BUF_ERROR' ? 'is cut off' : 'is broken';
    throw new RecordingError(`the gzip data ${what}`, { byte: gunzip.bytesWritten });
  } finally {
    file.destroy();
  }
}

async function isGzip(path: string): Promise<boolean> {
  for await (const start of createReadStream(path, { end: 1 })) {
    const [first, second] = start as Uint8Array;
    return first === 0x1f && second === 0x8b;
  }
  return false;
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
