/**
 * Long calls out of short recorded ones. `calls.jsonl.gz` holds every statistics sample of three lab calls of 35 s
 * (three Chromium participants and the SFU; loss, jitter, little bandwidth), as the collector stored them. A copy of
 * one has ids of its own and goes on for minutes. Each of its samples goes on from the one before by what the
 * recording did at that moment or up to three samples beside it, in all columns together, so that their statistics
 * are the recorded ones; large increments and levels are moved by up to 2 % besides, so that no value is found again
 * only because it was copied. What stands still in the recording stands still in the copy, and values keep their grain
 * (whole numbers, 1/48 ms, a millisecond …): both decide how well a column compresses.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { random } from '../ingest/payload.ts';

export type Cell = string | number | boolean;
export type Row = Readonly<Record<string, Cell>>;

/** One statistics object's samples in the order of time. */
interface Stream {
  readonly table: string;
  readonly rows: readonly Row[];
}

export interface Recording {
  readonly calls: readonly (readonly Stream[])[];
  readonly columns: ReadonlyMap<string, Movement>;
  /** From the first sample of a call to its last. */
  readonly lengthMs: readonly number[];
}

/** How a numeric column moves in the recording. */
interface Movement {
  readonly counter: boolean;
  /** Values are multiples of 1/grain; undefined: no grain was found. */
  readonly grain: number | undefined;
  /** Values were rounded to 32 bits by their source. */
  readonly single: boolean;
}

/** A stream with fewer samples tells a fact (a codec, a certificate) rather than a course; it is told once a call. */
const fewestSamples = 6;
/** How far beside its own moment a sample is drawn from. */
const reach = 3;
/** From here on, counted in grains, a value is one of so many that it hardly comes twice. */
const large = 10_000;
const spread = 0.02;
const timeSpreadMs = 4;

/** Levels that are choices rather than measurements. */
const fixed =
  /ssrc|width|height|layer|payload|clock_rate|channels|port$|priority|encoding_index|score|fingerprint/;
const times = new Set(['time', 'client_time', 'received_at']);
const ids = /(?:_id|_identifier|fingerprint)$/;

export function readRecording(file: URL = new URL('calls.jsonl.gz', import.meta.url)): Recording {
  const calls = new Map<string, Map<string, Row[]>>();
  for (const line of gunzipSync(readFileSync(file)).toString('utf8').split('\n')) {
    if (line === '') continue;
    const { table, ...row } = JSON.parse(line) as Row & { table: string };
    const streams = calls.get(row.call_id as string) ?? new Map<string, Row[]>();
    calls.set(row.call_id as string, streams);
    const key = [
      table,
      row.participant_id,
      row.transport_id,
      row.producer_id,
      row.consumer_id,
      row.stat_id,
      row.rid,
    ].join();
    streams.set(key, [...(streams.get(key) ?? []), row as Row]);
  }
  const list = [...calls.values()].map((streams) =>
    [...streams].map(([key, rows]): Stream => ({ table: key.slice(0, key.indexOf(',')), rows })),
  );
  const columns = movements(list.flat());
  const lengthMs = list.map((streams) => {
    const all = streams.flatMap(({ rows }) => rows.map(({ time }) => time as number));
    return all.reduce((a, b) => Math.max(a, b)) - all.reduce((a, b) => Math.min(a, b)) + 1_000;
  });
  return { calls: list, columns, lengthMs };
}

/**
 * @param seed which copy: the same seed gives the same rows
 * @param startMs when the call begins, epoch ms
 * @param durationMs how long it is, at least; a whole number of recordings
 */
export function* copyCall(
  { calls, columns, lengthMs }: Recording,
  seed: number,
  startMs: number,
  durationMs: number,
): Generator<readonly [table: string, row: Record<string, Cell>]> {
  const index = seed % calls.length;
  const cycles = Math.ceil(durationMs / lengthMs[index]!);
  const firstMs = Math.min(...calls[index]!.map(({ rows }) => rows[0]!.time as number));
  const id = renamed(seed);
  /** Samples that were taken or received at one moment stay so. */
  const moved = (ms: number, cycle: number) =>
    startMs + ms - firstMs + cycle * lengthMs[index]! + Math.floor(noise(seed, cycle, ms) * timeSpreadMs);
  for (const [number, { table, rows }] of calls[index]!.entries()) {
    const next = random(seed * 7_919 + number);
    const state: Record<string, number> = {};
    const rounds = rows.length < fewestSamples ? 1 : cycles;
    for (let cycle = 0; cycle < rounds; cycle++) {
      for (const [i, own] of rows.entries()) {
        const first = cycle === 0 && i === 0;
        const drawn = Math.floor(next() * (2 * reach + 1)) - reach + i;
        const at = first ? 0 : Math.min(Math.max(drawn, 1), rows.length - 1);
        const recorded = rows[at]!;
        const row: Record<string, Cell> = {};
        for (const name in recorded) {
          const value = recorded[name]!;
          if (typeof value === 'string') row[name] = ids.test(name) ? id(value) : value;
          else if (typeof value === 'boolean' || times.has(name)) row[name] = value;
          else if (name === 'ssrc') row[name] = Number(id(String(value)));
          else if (fixed.test(name)) row[name] = value;
          else {
            const before = rows[at - 1]?.[name];
            const from = typeof before === 'number' && !first ? before : undefined;
            state[name] = step(columns.get(`${table}.${name}`)!, value, from, state[name], next);
            row[name] = state[name];
          }
        }
        row.time = moved(own.time as number, cycle);
        row.client_time = row.time + (own.client_time as number) - (own.time as number);
        row.received_at = moved(own.received_at as number, cycle);
        yield [table, row];
      }
    }
  }
}

/**
 * @param from what the recording's sample before said
 * @param at where the copy stands
 * @returns where it goes
 */
function step(
  { counter, grain, single }: Movement,
  recorded: number,
  from: number | undefined,
  at: number | undefined,
  next: () => number,
): number {
  if (at !== undefined && recorded === from) return at;
  const goesOn = counter && at !== undefined && from !== undefined;
  const change = goesOn ? Math.max(0, recorded - from) : recorded;
  const moves = grain === undefined || change * grain >= large;
  const wanted = (goesOn ? at : 0) + (moves ? change * (1 - spread + 2 * spread * next()) : change);
  const grained = grain === undefined ? wanted : Math.round(wanted * grain) / grain;
  return single ? Math.fround(grained) : grained;
}

function movements(streams: readonly Stream[]): Map<string, Movement> {
  const values = new Map<string, { all: number[]; falls: boolean; rises: boolean }>();
  for (const { table, rows } of streams) {
    for (const [i, row] of rows.entries()) {
      for (const [name, value] of Object.entries(row)) {
        if (typeof value !== 'number' || times.has(name)) continue;
        const key = `${table}.${name}`;
        const seen = values.get(key) ?? { all: [], falls: false, rises: false };
        values.set(key, seen);
        seen.all.push(value);
        const before = rows[i - 1]?.[name];
        if (typeof before !== 'number') continue;
        seen.falls ||= value < before;
        seen.rises ||= value > before;
      }
    }
  }
  return new Map(
    [...values].map(([key, { all, falls, rises }]) => [
      key,
      {
        counter: rises && !falls,
        grain: grainOf(all),
        single: all.every((value) => Math.fround(value) === value),
      },
    ]),
  );
}

/** RTP clocks in ms, shares of 255 and 256, 1/65536 s in ms, halves … */
const grains = [2, 4, 16, 100, 255, 256, 1_000, 720, 65.536, 32_767, 32_768, 65_536];

function grainOf(values: readonly number[]): number | undefined {
  if (values.every(Number.isInteger)) return 1 / Math.max(1, values.reduce(gcd, 0));
  return grains.find((grain) =>
    values.every((value) => Math.abs(value * grain - Math.round(value * grain)) < 1e-6 * Math.max(1, value)),
  );
}

const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b));

/** Ids of the copy: runs that look random are others, of the same letters and length; the rest stays. */
function renamed(seed: number): (id: string) => string {
  const known = new Map<string, string>();
  return (id) => {
    let other = known.get(id);
    if (other === undefined) {
      const next = random(seed ^ hash(id));
      other = id.replace(
        /[0-9a-f]{8,}|\d{6,}|(?<=[0-9a-f]-)[0-9a-f]{4}(?=-)|(?<=^I)[\w+/]{8}$|(?<=lab-)\w+|\b[0-9A-F]{2}(?=:|$)/g,
        (run) => [...run].map((letter) => randomLetter(letter, /^\d+$/.test(run), next)).join(''),
      );
      known.set(id, other);
    }
    return other;
  };
}

function randomLetter(letter: string, digits: boolean, next: () => number): string {
  if (digits) return letter === '0' ? '0' : String(1 + Math.floor(next() * 9));
  const hex = '0123456789abcdef'[Math.floor(next() * 16)]!;
  return letter === letter.toUpperCase() ? hex.toUpperCase() : hex;
}

function hash(text: string): number {
  let state = 2_166_136_261;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 16_777_619);
  return state >>> 0;
}

/** The same for the same three numbers, in [0, 1). */
function noise(a: number, b: number, c: number): number {
  let state = Math.imul(a ^ 0x9e37_79b9, 0x85eb_ca6b) ^ Math.imul(b + 1, 0xc2b2_ae35) ^ (c | 0);
  state = Math.imul(state ^ (state >>> 16), 0x45d9_f3b);
  state = Math.imul(state ^ (state >>> 16), 0x45d9_f3b);
  return ((state ^ (state >>> 16)) >>> 0) / 2 ** 32;
}
