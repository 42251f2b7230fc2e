/**
 * Dumps of Chrome's webrtc-internals page: one JSON text with, per connection, a log of calls and events
 * (`updateLog`) and one series of values per member of each statistics object (`<object>-<member>`).
 *
 * Since M117 each object has a series of its timestamps; before that, the values of a series lie evenly between its
 * start and end. Times of the log are epoch milliseconds since 2023, before that local words without a zone: the
 * zone is then found by holding them against the statistics, to the quarter of an hour.
 */
import type { RawStats } from '../../telemetry/browser-stats.ts';
import { happened, record } from './happenings.ts';
import { parseJson } from './json.ts';
import { isTime, type Recorder } from './recorder.ts';

/** Objects of one getStats call differ by less, and calls are farther apart. */
const sameReportMs = 250;
const quarterHourMs = 900_000;

/** One sample of a statistics object: its place in the object's series. */
interface Timed {
  readonly time: number;
  readonly of: ObjectSeries;
  readonly index: number;
}

/** @throws RecordingError */
export function readInternals(recorder: Recorder, text: string): void {
  const dump = record(parseJson(text));
  recorder.place = { line: 1, column: 1 };
  if (typeof dump.PeerConnections !== 'object' || dump.PeerConnections === null) {
    recorder.fail('an object without PeerConnections; of JSON objects only webrtc-internals dumps are read');
  }
  if (typeof dump.UserAgent === 'string') recorder.userAgent = dump.UserAgent.slice(0, 500);
  for (const request of list(dump.getUserMedia)) readMediaRequest(recorder, record(request));
  for (const [id, connection] of Object.entries(record(dump.PeerConnections))) {
    readConnection(recorder, id, record(connection));
  }
}

function readMediaRequest(recorder: Recorder, request: Readonly<Record<string, unknown>>): void {
  const { error, error_message: message, timestamp } = request;
  if (typeof error !== 'string' || !isTime(timestamp)) return;
  const value = typeof message === 'string' ? { name: error, message } : error;
  happened(recorder, undefined, 'navigator.mediaDevices.getUserMediaOnFailure', value, timestamp);
}

function readConnection(recorder: Recorder, id: string, connection: Readonly<Record<string, unknown>>): void {
  recorder.connection(id);
  const samples = objectsOf(record(connection.stats)).flatMap((series) => samplesOf(recorder, series));
  samples.sort((a, b) => a.time - b.time);
  readLog(recorder, id, list(connection.updateLog), samples[0]?.time);
  for (let from = 0; from < samples.length; ) {
    let to = from + 1;
    while (to < samples.length && samples[to]!.time - samples[from]!.time < sameReportMs) to++;
    // Of an object that was told twice in so short a time, the later word.
    const latest = new Map(samples.slice(from, to).map((sample) => [sample.of, sample.index]));
    // Made here and not before: a dump holds far more of them than fit into memory at once.
    const objects = [...latest].map(([of, index]) => objectAt(of, index));
    recorder.report(id, samples[from]!.time, objects);
    from = to;
  }
}

interface Series {
  readonly values: readonly unknown[];
  readonly startMs: number;
  readonly endMs: number;
}

interface ObjectSeries {
  readonly id: string;
  readonly type: string;
  readonly members: Map<string, Series>;
  times: readonly number[];
  /** Where each member's first value belongs in `times`. */
  readonly firsts: Map<string, number>;
}

/** By object; the member is what follows the last hyphen, and what the page computed itself is left out. */
function objectsOf(stats: Readonly<Record<string, unknown>>): ObjectSeries[] {
  const objects = new Map<string, ObjectSeries>();
  for (const [name, entry] of Object.entries(stats)) {
    const cut = name.lastIndexOf('-');
    if (cut <= 0 || name.includes('[')) continue;
    const { statsType, values, startTime, endTime } = record(entry);
    if (typeof statsType !== 'string') continue;
    const id = name.slice(0, cut);
    const object = objects.get(id) ?? {
      id,
      type: statsType,
      members: new Map(),
      times: [],
      firsts: new Map(),
    };
    objects.set(id, object);
    const startMs = epochMs(startTime);
    object.members.set(name.slice(cut + 1), {
      values: valuesOf(values),
      startMs: startMs ?? 0,
      endMs: epochMs(endTime) ?? startMs ?? 0,
    });
  }
  return [...objects.values()];
}

function samplesOf(recorder: Recorder, object: ObjectSeries): Timed[] {
  const times = timesOf(object.members);
  if (!times) {
    recorder.warn('statistics without times are left out');
    return [];
  }
  if (times.length > recorder.limits.samples) {
    recorder.fail(`more than ${recorder.limits.samples} samples of one statistics object`);
  }
  object.times = times;
  for (const [member, series] of object.members) {
    if (member === 'timestamp' || member === 'type' || member === 'id' || member === '__proto__') continue;
    object.firsts.set(member, firstIndex(series, times));
  }
  const timed: Timed[] = [];
  for (const [index, time] of times.entries()) {
    // What others report keeps its time until they report again.
    if (isTime(time) && time !== times[index - 1]) timed.push({ time, of: object, index });
  }
  return timed;
}

function objectAt({ id, type, members, times, firsts }: ObjectSeries, index: number): RawStats {
  const object: Record<string, unknown> = { id, type, timestamp: times[index]! };
  for (const [member, first] of firsts) {
    const { values } = members.get(member)!;
    const at = index - first;
    if (at >= 0 && at < values.length) object[member] = memberValue(values[at]);
  }
  return object as unknown as RawStats;
}

function timesOf(members: ReadonlyMap<string, Series>): readonly number[] | undefined {
  const told = members.get('timestamp')?.values;
  if (told && told.length > 0) return told.map((time) => (isTime(time) ? time : 0));
  let longest: Series | undefined;
  for (const series of members.values()) {
    if (isTime(series.startMs) && series.values.length > (longest?.values.length ?? 0)) longest = series;
  }
  if (!longest) return undefined;
  const { startMs, endMs, values } = longest;
  const stepMs = values.length > 1 ? (endMs - startMs) / (values.length - 1) : 0;
  return values.map((_, index) => startMs + index * stepMs);
}

/** A member that came later than its object has fewer values: they belong to the last ones, or where they began. */
function firstIndex({ values, startMs, endMs }: Series, times: readonly number[]): number {
  const missing = times.length - values.length;
  if (missing <= 0) return 0;
  const intervalMs = (times.at(-1)! - times[0]!) / Math.max(1, times.length - 1);
  if (endMs === 0 || Math.abs(endMs - times.at(-1)!) <= 1.5 * intervalMs) return missing;
  return times.filter((time) => time < startMs - intervalMs / 2).length;
}

/** Series are kept as the text of a list. */
function valuesOf(values: unknown): readonly unknown[] {
  if (typeof values !== 'string') return list(values);
  try {
    return list(JSON.parse(values));
  } catch {
    return [];
  }
}

/** Members that are objects stand as text, sometimes. */
function memberValue(value: unknown): unknown {
  if (typeof value !== 'string' || !value.startsWith('{')) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function readLog(
  recorder: Recorder,
  id: string,
  log: readonly unknown[],
  firstSampleMs: number | undefined,
): void {
  const entries = log.map((entry) => record(entry));
  const offsetMs = zoneOffset(entries, firstSampleMs);
  if (offsetMs !== 0) {
    recorder.warn('times of the log name no zone; the one that fits the first statistics is taken');
  }
  for (const entry of entries) {
    if (typeof entry.type !== 'string') continue;
    const words = wordTime(entry);
    const time = isTime(entry.timestamp)
      ? entry.timestamp
      : words === undefined
        ? undefined
        : words + offsetMs;
    if (!isTime(time)) {
      recorder.warn('log entries without a time that can be read are left out');
      continue;
    }
    recorder.connection(id).createdAt ??= time;
    happened(recorder, id, entry.type, unquoted(entry.value), time);
  }
}

/** Words of a time without a zone, read as UTC; the same on any machine. */
function wordTime({ time }: Readonly<Record<string, unknown>>): number | undefined {
  if (typeof time === 'number') return time;
  if (typeof time !== 'string' || time.length > 60) return undefined;
  if (/^\d{13}(?:\.\d+)?$/.test(time)) return Number(time);
  const zoned = /Z$|GMT|UTC|[+-]\d{2}:?\d{2}$/.test(time);
  const parsed = Date.parse(zoned ? time : `${time} UTC`);
  return Number.isNaN(parsed) ? undefined : parsed;
}

/** The log begins just before the statistics do. */
function zoneOffset(
  entries: readonly Readonly<Record<string, unknown>>[],
  firstSampleMs: number | undefined,
): number {
  const first = entries.find(({ timestamp, time }) => !isTime(timestamp) && typeof time === 'string');
  const words = first && /Z$|GMT|UTC|^\d{13}/.test(String(first.time)) ? undefined : first && wordTime(first);
  if (words === undefined || firstSampleMs === undefined) return 0;
  return Math.round((firstSampleMs - words) / quarterHourMs) * quarterHourMs;
}

function unquoted(value: unknown): unknown {
  if (typeof value !== 'string' || !/^[{["]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

const epochMs = (value: unknown): number | undefined => {
  const ms = typeof value === 'string' ? Date.parse(value) : value;
  return isTime(ms) ? ms : undefined;
};

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
