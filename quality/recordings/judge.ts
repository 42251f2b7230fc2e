/**
 * Judges a recorded call as the pipelines judge a live one: the same join, features, detectors, incidents and
 * window scores, second by second in the order of time, from nothing but what had been sampled by then.
 *
 * Two things differ, since a recording is not a live call: nothing is late, so a moment is judged with all samples
 * up to it; and where samples are further apart than a window (rtcstats clients often ask every ten seconds),
 * windows are made longer, to the next multiple of five seconds, as one without a sample of its own knows no delay.
 */
import type { IncidentRow, StreamScoreRow } from '../../telemetry/rows.ts';
import { longestGapMs } from '../counters.ts';
import { heldVideo } from '../decisions.ts';
import { callFeatures } from '../features/call.ts';
import { historyMs } from '../features/trailing.ts';
import { endIncidents, followIncidents } from '../incidents.ts';
import { type CallPaths, joinPaths, type Uplink } from '../paths.ts';
import type { CallSamples } from '../samples.ts';
import { scoreWindow } from '../windows.ts';
import { oneSided, oneSidedScores } from './one-sided.ts';
import type { Recording } from './recording.ts';
import { sampleTables } from './rows.ts';

const shortestWindowMs = 5_000;
const longestWindowMs = 60_000;
const stepMs = 1_000;
/** So much is judged from one join. */
const chunkMs = 60_000;
/** As in the pipelines: without samples for this long a call is over, and what was open in it with it. */
const callOverMs = 60_000;
/** As in the pipelines: ended incidents still explain their effects. */
const endedKeptMs = 120_000;

export interface Judged {
  readonly windowMs: number;
  readonly windows: readonly StreamScoreRow[];
  readonly incidents: readonly IncidentRow[];
}

type JudgedPart = Pick<Recording, 'samples' | 'decisions' | 'names' | 'codecs' | 'screens'>;

export function judgeRecording(recording: JudgedPart): Judged {
  const times = sampleTimes(recording.samples);
  const windowMs = windowLength(recording.samples);
  return {
    windowMs,
    windows: scoreAll(recording, times, windowMs),
    incidents: followAll(recording, times),
  };
}

function followAll(recording: JudgedPart, times: readonly number[]): IncidentRow[] {
  const { samples, decisions, names } = recording;
  const all = new Map<string, IncidentRow>();
  let open: IncidentRow[] = [];
  let paths: CallPaths | undefined;
  let joinedUntil = Number.NEGATIVE_INFINITY;
  let lastSampleMs = times[0] ?? 0;
  const take = (rows: readonly IncidentRow[], atMs: number) => {
    for (const row of rows) all.set(row.incident_id, row);
    if (rows.length === 0 && open.every((i) => i.ended_at === null || atMs - i.ended_at <= endedKeptMs))
      return;
    const known = new Map([...open, ...rows].map((row) => [row.incident_id, row]));
    open = [...known.values()].filter((i) => i.ended_at === null || atMs - i.ended_at <= endedKeptMs);
  };
  for (const { atMs, newestMs } of moments(times)) {
    if (newestMs - lastSampleMs > callOverMs) take(endIncidents(open, lastSampleMs), atMs);
    lastSampleMs = newestMs;
    if (atMs > joinedUntil) {
      joinedUntil = atMs + chunkMs;
      paths = described(joinPaths(samplesWithin(samples, atMs - historyMs - stepMs, joinedUntil)), recording);
    }
    const features = oneSided(
      callFeatures(paths!, samples.events, {
        tenantId: samples.tenantId,
        callId: samples.callId,
        atMs,
        decisions,
      }),
    );
    take(followIncidents(features, open, names), atMs);
  }
  take(endIncidents(open, lastSampleMs), lastSampleMs);
  return [...all.values()].sort((a, b) => a.started_at - b.started_at);
}

/** Every second that has a sample within the history before it, with its newest sample. */
function* moments(times: readonly number[]): Generator<{ atMs: number; newestMs: number }> {
  let index = 0;
  let atMs = Math.ceil((times[0] ?? 0) / stepMs) * stepMs;
  while (index < times.length) {
    while (index + 1 < times.length && times[index + 1]! <= atMs) index++;
    const newestMs = times[index]!;
    if (newestMs <= atMs && atMs - newestMs < historyMs) {
      yield { atMs, newestMs };
      atMs += stepMs;
      continue;
    }
    // Nothing can be said until the next sample.
    const next = times[index + 1];
    if (next === undefined) return;
    index++;
    atMs = Math.max(atMs, Math.ceil(next / stepMs) * stepMs);
  }
}

function scoreAll(recording: JudgedPart, times: readonly number[], windowMs: number): StreamScoreRow[] {
  const { samples, decisions } = recording;
  const rows: StreamScoreRow[] = [];
  const chunk = Math.max(1, Math.floor(chunkMs / windowMs)) * windowMs;
  let paths: CallPaths | undefined;
  let joinedUntil = Number.NEGATIVE_INFINITY;
  for (const windowStart of windowStarts(times, windowMs)) {
    if (windowStart >= joinedUntil) {
      joinedUntil = windowStart + chunk;
      // Differences reach over the window's edges, as far as two samples may be apart.
      paths = described(
        joinPaths(samplesWithin(samples, windowStart - longestGapMs, joinedUntil + longestGapMs)),
        recording,
      );
    }
    const held = decisions.filter(
      (d) =>
        d.kind === 'audio_only' && d.applied_at !== null && heldVideo(d, windowStart, windowStart + windowMs),
    );
    const scored = scoreWindow(paths!, {
      tenantId: samples.tenantId,
      callId: samples.callId,
      windowStart,
      windowMs,
      scoredAt: windowStart + windowMs,
      revision: 1,
      audioOnly: new Set(held.map((d) => d.participant_id)),
    });
    rows.push(...oneSidedScores(scored, paths!, { fromMs: windowStart, toMs: windowStart + windowMs }));
  }
  return rows;
}

/** Windows that a sample, or the time between two samples, lies in. */
function* windowStarts(times: readonly number[], windowMs: number): Generator<number> {
  let next = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < times.length; index++) {
    const time = times[index]!;
    const before = times[index - 1];
    const reaches = before !== undefined && time - before <= longestGapMs ? before : time;
    const first = Math.floor(reaches / windowMs) * windowMs;
    for (let start = Math.max(first, next); start <= time; start += windowMs) {
      yield start;
      next = start + windowMs;
    }
  }
}

/** The next multiple of the shortest that holds the usual distance between two samples of one stream. */
function windowLength(samples: CallSamples): number {
  const distances: number[] = [];
  for (const table of ['inbound_rtp', 'outbound_rtp', 'transport'] as const) {
    const last = new Map<string, number>();
    for (const row of samples[table]) {
      const key = `${row.transport_id} ${row.stat_id} ${row.producer_id}`;
      const before = last.get(key);
      if (before !== undefined && row.time > before) distances.push(row.time - before);
      last.set(key, row.time);
    }
    if (distances.length > 0) break;
  }
  distances.sort((a, b) => a - b);
  const usualMs = distances[Math.floor(distances.length / 2)] ?? 0;
  // A timer that is some milliseconds late is no reason for a window twice as long.
  const windows = Math.max(1, Math.ceil((usualMs - 500) / shortestWindowMs));
  return Math.min(longestWindowMs, windows * shortestWindowMs);
}

function sampleTimes(samples: CallSamples): number[] {
  const times = new Set<number>();
  for (const table of sampleTables) for (const row of samples[table]) times.add(row.time);
  return [...times].sort((a, b) => a - b);
}

/** Rows of each table within [from, to]; tables are in order of time. */
function samplesWithin(samples: CallSamples, fromMs: number, toMs: number): CallSamples {
  const parts = sampleTables.map((table) => {
    const rows = samples[table];
    return [table, rows.slice(firstFrom(rows, fromMs), firstFrom(rows, toMs + 1))];
  });
  return { ...samples, ...Object.fromEntries(parts) } as CallSamples;
}

function firstFrom(rows: readonly { readonly time: number }[], time: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle]!.time < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What only the SFU tells of a live call, and the browser's own statistics of a recorded one. */
function described(paths: CallPaths, { codecs, screens }: JudgedPart): CallPaths {
  if (codecs.size === 0 && screens.size === 0) return paths;
  const uplinks = new Map(paths.uplinks.map((uplink) => [uplink, describedUplink(uplink, codecs, screens)]));
  return {
    links: paths.links,
    uplinks: [...uplinks.values()],
    paths: paths.paths.map((path) => ({
      ...path,
      uplink: uplinks.get(path.uplink) ?? describedUplink(path.uplink, codecs, screens),
    })),
  };
}

function describedUplink(
  uplink: Uplink,
  codecs: ReadonlyMap<string, string>,
  screens: ReadonlySet<string>,
): Uplink {
  return {
    ...uplink,
    codec: uplink.codec || (codecs.get(uplink.producerId) ?? ''),
    source: uplink.kind === 'video' && screens.has(uplink.producerId) ? 'screen' : uplink.source,
  };
}
