/**
 * What judging costs: microseconds per stream and 5 s window, and how many streams one core can follow.
 *
 * The path is that of the pipelines, without their reading and writing: for every 5 s window the trailing history of a
 * call is joined, measured and followed (joinPaths, callFeatures, followIncidents), and the window is joined and scored
 * (joinPaths, scoreWindow). The pipelines look more often than that, every second, to find troubles sooner: what that
 * pace costs is measured too, and its figures have `EverySecond` in their names. The calls are synthetic, with the rows that real ones have: three layers and a
 * microphone each, SFU samples every second, clients' every two, and one participant in five in trouble.
 *
 * A stream is what enters the SFU from one sender (a producer, whatever its layers) or leaves it for one receiver (a
 * consumer): each has its features, verdicts and score rows. The headline is over calls of three sizes with as many
 * participants in each; the sizes alone stand beside it, since in a small call few streams share what a participant
 * and its transports cost. Time is CPU time of the whole process, garbage collection on other threads included.
 */
import { loadavg } from 'node:os';
import { detectEveryMs, windowMs } from '../pipelines/worklist.ts';
import { callFeatures } from '../quality/features/call.ts';
import { historyMs } from '../quality/features/trailing.ts';
import { followIncidents } from '../quality/incidents.ts';
import { joinPaths } from '../quality/paths.ts';
import { type CallSamples, type Sample, type SampleTable, sampleColumns } from '../quality/samples.ts';
import { scoreWindow } from '../quality/windows.ts';
import type { IncidentRow } from '../telemetry/rows.ts';
import {
  callId,
  type Script,
  startMs,
  syntheticCall,
  tenantId,
} from '../test/quality/support/synthetic-call.ts';
import { type Benchmark, type BenchmarkReport, commit, machine, median, optionOf } from './benchmark.ts';

const callSizes = [3, 10, 30] as const;
/** Samples beside the window that its first and last differences need, as in pipelines/score.ts. */
const marginMs = 4_500;
/** Judged is what comes after a whole history. */
const warmUpSeconds = 20;
const judgedSeconds = 20;
/** Until the code is compiled; a service runs for weeks. */
const warmUpRuns = 5;
/** The goal: a core follows at least this many streams. */
const leastStreamsPerCore = 50_000;

export const judgeBenchmark: Benchmark = {
  summary: 'what judging costs: µs per stream and window, streams per core',
  usage: '--runs N (of each call size, default 7)',
  run: async (args) => report(optionOf(args, '--runs', 7)),
};

/** All that one call is judged by, cut to what each step would read; cutting is the store's work. */
interface Prepared {
  readonly participants: number;
  readonly streams: number;
  readonly rows: number;
  readonly steps: readonly { readonly atMs: number; readonly samples: CallSamples }[];
  readonly windows: readonly { readonly startMs: number; readonly samples: CallSamples }[];
}

function prepare(participants: number): Prepared {
  const people = Array.from({ length: participants }, (_, i) => `p${i}`);
  // Through JSON, as rows come from the store: objects of the shape that its client makes.
  const call = JSON.parse(
    JSON.stringify(syntheticCall(people, warmUpSeconds + judgedSeconds + 5, troubled(people))),
  ) as CallSamples;
  const firstMs = startMs + warmUpSeconds * 1000;
  const steps = range(firstMs, judgedSeconds * 1000, detectEveryMs).map((atMs) => ({
    atMs,
    samples: cut(call, atMs - historyMs, atMs),
  }));
  const windows = range(firstMs, judgedSeconds * 1000, windowMs).map((start) => ({
    startMs: start,
    samples: cut(call, start - marginMs, start + windowMs + marginMs),
  }));
  const rows = (Object.keys(sampleColumns) as SampleTable[]).reduce(
    (sum, table) => sum + call[table].length,
    0,
  );
  // Audio and video of each, to the SFU and to each of the others.
  return { participants, streams: participants * participants * 2, rows, steps, windows };
}

/** One in five has a bad network from the 24th second on: half of them the downlink, half the uplink. */
const troubled =
  (people: readonly string[]): Script =>
  (id, second) => {
    const index = people.indexOf(id);
    if (index % 5 !== 1 || second < warmUpSeconds + 4) return {};
    return index % 2 === 1 ? { downLoss: 0.12, estimateBps: 700_000 } : { upLoss: 0.1, upRttMs: 160 };
  };

const range = (fromMs: number, lengthMs: number, everyMs: number): number[] =>
  Array.from({ length: lengthMs / everyMs }, (_, i) => fromMs + i * everyMs);

function cut(call: CallSamples, fromMs: number, toMs: number): CallSamples {
  const part = { ...call } as { [T in SampleTable]: readonly Sample<T>[] } & CallSamples;
  for (const table of Object.keys(sampleColumns) as SampleTable[]) {
    Object.assign(part, { [table]: call[table].filter((s) => s.time > fromMs && s.time <= toMs) });
  }
  return part;
}

interface Costs {
  /** Looking once a window, and every second. */
  readonly detectMs: number;
  readonly detectEverySecondMs: number;
  readonly scoreMs: number;
  readonly incidents: number;
  readonly scores: number;
}

/** Judges the call from its first step to its last, keeping the incidents between steps. */
function follow(steps: Prepared['steps']): { readonly ms: number; readonly incidents: number } {
  const names = new Map<string, string>();
  const incidents = new Map<string, IncidentRow>();
  const beforeMs = cpuMs();
  for (const { atMs, samples } of steps) {
    const features = callFeatures(joinPaths(samples), samples.events, { tenantId, callId, atMs });
    for (const row of followIncidents(features, [...incidents.values()], names)) {
      incidents.set(row.incident_id, row);
    }
  }
  return { ms: cpuMs() - beforeMs, incidents: incidents.size };
}

function judge({ steps, windows }: Prepared): Costs {
  const everySecond = follow(steps);
  const everyWindow = follow(steps.filter(({ atMs }) => (atMs - startMs) % windowMs === 0));
  const betweenMs = cpuMs();
  let scores = 0;
  for (const { startMs: windowStart, samples } of windows) {
    scores += scoreWindow(joinPaths(samples), {
      tenantId,
      callId,
      windowStart,
      windowMs,
      scoredAt: windowStart + windowMs,
      revision: 1,
      audioOnly: new Set(),
    }).length;
  }
  return {
    detectMs: everyWindow.ms,
    detectEverySecondMs: everySecond.ms,
    scoreMs: cpuMs() - betweenMs,
    incidents: everySecond.incidents,
    scores,
  };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function report(runs: number): BenchmarkReport {
  const bySize = callSizes.map((participants) => {
    const call = prepare(participants);
    // Small calls are judged several at a time, so that one measurement is not all noise.
    const calls = Math.max(1, Math.round(1000 / call.streams));
    const measured: Costs[] = [];
    for (let run = -warmUpRuns; run < runs; run++) {
      const costs = Array.from({ length: calls }, () => judge(call));
      if (run >= 0) measured.push(costs.reduce(added));
    }
    const streamWindows = call.streams * call.windows.length * calls;
    const usOf = (cost: (c: Costs) => number) => (median(measured.map(cost)) * 1000) / streamWindows;
    return {
      participants,
      streams: call.streams,
      rows: call.rows,
      incidents: measured[0]!.incidents / calls,
      scoresPerWindow: measured[0]!.scores / calls / call.windows.length,
      usPerStreamWindow: usOf((c) => c.detectMs + c.scoreMs),
      usEverySecond: usOf((c) => c.detectEverySecondMs + c.scoreMs),
      usDetect: usOf((c) => c.detectMs),
      usScore: usOf((c) => c.scoreMs),
    };
  });
  const usOfAll = perPerson(bySize, (size) => size.usPerStreamWindow);
  const usEverySecond = perPerson(bySize, (size) => size.usEverySecond);
  const streamsPerCore = perCore(usOfAll);
  return {
    name: 'judge',
    date: new Date().toISOString(),
    machine: machine(),
    sizes: {
      participants: callSizes.join('/'),
      streams: bySize.map((size) => size.streams).join('/'),
      rows: bySize.map((size) => size.rows).join('/'),
      judgedSeconds,
      detectEveryMs,
      windowMs,
      runs,
      loadAverage: round(loadavg()[0] ?? 0, 1),
    },
    result: {
      streamsPerCore,
      streamsPerCoreEverySecond: perCore(usEverySecond),
      usPerStreamWindow: round(usOfAll, 2),
      usPerStreamWindowEverySecond: round(usEverySecond, 2),
      ...Object.fromEntries(
        bySize.flatMap(({ participants, usPerStreamWindow, usEverySecond: us, usDetect, usScore }) => [
          [`streamsPerCore${participants}`, perCore(usPerStreamWindow)],
          [`streamsPerCoreEverySecond${participants}`, perCore(us)],
          [`usPerStreamWindow${participants}`, round(usPerStreamWindow, 2)],
          [`usDetect${participants}`, round(usDetect, 2)],
          [`usScore${participants}`, round(usScore, 2)],
        ]),
      ),
    },
    limits: [
      {
        figure: 'usPerStreamWindow',
        measured: round(usOfAll, 2),
        limit: (windowMs * 1000) / leastStreamsPerCore,
        holds: streamsPerCore >= leastStreamsPerCore,
      },
    ],
    details: {
      commit: commit(),
      stream:
        'one sender’s audio or video to the SFU, or to one receiver; streamsPerCore is over calls of all sizes, as many people in each',
      time: 'CPU time of the process, median of runs; reading and writing the store not included',
      bySize,
    },
  };
}

/** With as many people in calls of each size. */
function perPerson<S extends { readonly participants: number; readonly streams: number }>(
  sizes: readonly S[],
  usOf: (size: S) => number,
): number {
  const us = sum(sizes, (size) => (usOf(size) * size.streams) / size.participants);
  return us / sum(sizes, ({ participants, streams }) => streams / participants);
}

const perCore = (us: number): number => Math.floor((windowMs * 1000) / us);
const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0);

const added = (a: Costs, b: Costs): Costs => ({
  detectMs: a.detectMs + b.detectMs,
  detectEverySecondMs: a.detectEverySecondMs + b.detectEverySecondMs,
  scoreMs: a.scoreMs + b.scoreMs,
  incidents: a.incidents + b.incidents,
  scores: a.scores + b.scores,
});

const round = (value: number, digits: number): number => Number(value.toFixed(digits));
