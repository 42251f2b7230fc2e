/**
 * rtcstats dumps, line by line: `[method, connection, value, ..., time]`.
 *
 * Jitsi's (and fippo's first) servers write absolute times and an optional first line of metadata; file format 3,
 * which Chrome's webrtc-internals page writes too, begins with `RTCStatsDump`, then a line of metadata, and its
 * times are the milliseconds since the line before.
 */
import { BaseReport, type Dialect } from './compression.ts';
import { methodName } from './format-3.ts';
import { happened, record } from './happenings.ts';
import { parseJson } from './json.ts';
import { isTime, type Recorder } from './recorder.ts';

export interface LineReader {
  /** @throws RecordingError */
  line(text: string, number: number): void;
  /** After the last line. */
  end(): void;
}

export function rtcstatsReader(recorder: Recorder, dialect: Dialect): LineReader {
  const bases = new Map<string, BaseReport>();
  let timeMs = 0;
  let recorded = 0;

  function metadata(value: Readonly<Record<string, unknown>>): void {
    const { fileFormat, userAgent } = value;
    if (typeof userAgent === 'string') recorder.userAgent = userAgent.slice(0, 500);
    if (dialect === 'format-3' && fileFormat !== 3) {
      recorder.fail(`rtcstats file format ${JSON.stringify(fileFormat)?.slice(0, 20)}; only 3 is known here`);
    }
  }

  function entry(fields: readonly unknown[]): void {
    const [key, connection, value] = fields;
    const last = fields.length > 3 ? fields.at(-1) : undefined;
    const method = dialect === 'format-3' ? methodName(key) : String(key);
    recorded++;
    if (dialect === 'format-3') timeMs += typeof last === 'number' && Number.isFinite(last) ? last : 0;
    else timeMs = isTime(last) ? last : 0;
    if (!isTime(timeMs)) {
      recorder.warn('entries without a time are left out');
      return;
    }
    const id =
      typeof connection === 'string' || typeof connection === 'number' ? String(connection) : undefined;
    const content = unwrapped(value);
    if (method === 'connectionInfo' || (method === 'create' && id === undefined)) {
      const { userAgent } = record(content);
      if (typeof userAgent === 'string') recorder.userAgent = userAgent.slice(0, 500);
    } else if (method.toLowerCase() === 'getstats') {
      if (id !== undefined) report(id, content, timeMs);
    } else {
      if (method === 'create' && id !== undefined) bases.delete(id);
      happened(recorder, id, method, content, timeMs);
    }
  }

  function report(id: string, delta: unknown, time: number): void {
    if (typeof delta !== 'object' || delta === null || Array.isArray(delta)) {
      recorder.warn('reports of statistics that are no objects are left out');
      return;
    }
    const base = bases.get(id) ?? new BaseReport(dialect);
    recorder.connection(id);
    bases.set(id, base);
    const objects = base.apply(delta as Record<string, unknown>);
    if (base.size > recorder.limits.objects) {
      recorder.fail(`more than ${recorder.limits.objects} statistics objects of one connection at a time`);
    }
    recorder.report(id, time, objects);
  }

  return {
    line(text, number) {
      recorder.place = { line: number };
      if (text.trim() === '' || (recorded === 0 && text.startsWith('RTCStatsDump'))) return;
      const value = parseJson(text, number);
      if (Array.isArray(value)) entry(value);
      else if (typeof value === 'object' && value !== null && recorded === 0) metadata(record(value));
      else recorder.fail(`${kindOf(value)} where a list [method, connection, value, time] should stand`);
    },
    end() {
      if (recorded === 0) recorder.fail('an rtcstats dump without any entry');
    },
  };
}

/** Some servers kept values as the text they came in; Chrome keeps states so. */
function unwrapped(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[{["]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

const kindOf = (value: unknown): string =>
  value === null ? 'null' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
