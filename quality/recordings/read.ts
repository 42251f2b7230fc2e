/**
 * What kind of recording a text is, by its beginning and not by its name, and the reader for it. Readers get lines
 * as they come; only a webrtc-internals dump is one text that must be there as a whole.
 */
import { RecordingError } from './error.ts';
import { exportReader } from './export.ts';
import { readInternals } from './internals.ts';
import { placeOf } from './json.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { Recorder } from './recorder.ts';
import type { Recording } from './recording.ts';
import { type LineReader, rtcstatsReader } from './rtcstats.ts';

export type DetectedFormat = 'jitsi' | 'format-3' | 'internals' | 'export';

/** So much of the beginning is needed, characters. */
export const headLength = 65_536;

/** @throws RecordingError when it is nothing that is known here */
export function detectFormat(head: string): DetectedFormat {
  const start = head.search(/\S/);
  if (start === -1) throw new RecordingError('nothing in it', { line: 1, column: 1 });
  const text = head.slice(start);
  if (text.startsWith('RTCStatsDump')) return 'format-3';
  if (/^\{\s*"callscope"\s*:/.test(text)) return 'export';
  if (/^\[\s*["\d]/.test(text)) return 'jitsi';
  if (text.startsWith('{')) {
    // One line of metadata, then entries: the servers of the first rtcstats clients.
    const secondLine = text.slice(text.indexOf('\n') + 1);
    return text.includes('\n') && /^\[\s*["\d]/.test(secondLine) ? 'jitsi' : 'internals';
  }
  throw new RecordingError(
    `${JSON.stringify(text.slice(0, 12))} is not how a recording begins; a webrtc-internals dump begins with {, ` +
      'an rtcstats dump with [ or RTCStatsDump, an export of ours with {"callscope"',
    placeOf(head, start),
  );
}

export interface RecordingReader extends LineReader {
  /** @throws RecordingError */
  finish(): Recording;
}

/** For the formats that are read line by line. */
export function lineReader(
  format: Exclude<DetectedFormat, 'internals'>,
  limits: Limits = defaultLimits,
): RecordingReader {
  const recorder = new Recorder(limits);
  const reader = format === 'export' ? exportReader(recorder) : rtcstatsReader(recorder, format);
  return {
    ...reader,
    finish() {
      reader.end();
      return recorder.finish(format === 'export' ? 'callscope' : 'rtcstats');
    },
  };
}

/** @throws RecordingError */
export function readWholeInternals(text: string, limits: Limits = defaultLimits): Recording {
  if (text.length > limits.textLength) throw new RecordingError(tooLong(limits), { byte: limits.textLength });
  const recorder = new Recorder(limits);
  readInternals(recorder, text);
  return recorder.finish('webrtc-internals');
}

export const tooLong = ({ textLength }: Limits): string =>
  `longer than ${Math.round(textLength / 2 ** 20)} MiB, which is the most that is read of a webrtc-internals dump; ` +
  'raise it with --max-mb';

/**
 * A whole recording that is in memory already.
 * @throws RecordingError
 */
export function readRecording(text: string, limits: Limits = defaultLimits): Recording {
  const plain = text.startsWith('\ufeff') ? text.slice(1) : text;
  const format = detectFormat(plain.slice(0, headLength));
  if (format === 'internals') return readWholeInternals(plain, limits);
  const reader = lineReader(format, limits);
  let number = 1;
  for (const line of linesOf(plain)) reader.line(line, number++);
  return reader.finish();
}

function* linesOf(text: string): Generator<string> {
  let start = 0;
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
    yield text.slice(start, end);
    start = end + 1;
  }
  yield text.slice(start);
}
