/** One run of the demo: call, fault, recovery, report. What it takes is started by the caller of `runDemo`. */
import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import type { Browser } from 'playwright-core';
import { createRandom } from '../../lab/network/random.ts';
import type { Counters } from '../../lab/network/relay.ts';
import { type Call, mediaFlows, startCall } from './call.ts';
import type { Marks } from './marks.ts';
import type { DemoOptions } from './options.ts';
import { type CallReader, createCallReader } from './records.ts';
import { buildReport, type Report, type RunFacts } from './report.ts';
import type { Screen } from './screen.ts';
import { failures } from './verdict.ts';
import { watch } from './watch.ts';

export interface RunOptions extends Omit<DemoOptions, 'json' | 'exit' | 'data'> {
  seed: number;
  browser: Browser;
  /** The page's address with its invite: participants join by it, and a person may. */
  link: string;
  /** Where the SFU takes media. */
  media: { host: string; port: number };
  clickhouse: ClickHouseClient;
  mediasoupVersion: string;
  screen: Screen;
  /** Ends the run with the signal's reason. */
  signal: AbortSignal;
}

export interface Run {
  report: Report;
  /** Keeps the view alive until the signal. */
  goOn(): Promise<void>;
  close(): Promise<void>;
}

/** The downlink of one participant, while it lasts. */
const fault = { bitrateBps: 250_000, lossRatio: 0.05 };
/** A home router's: what does not leave within this time is dropped. */
const queueMs = 300;

/** Longest wait for the last window to be scored: 5 s of window, 2 s until it settles, and the work. */
const scoredLimitMs = 15_000;

/** @throws Error when the call does not come about, or the signal's reason */
export async function runDemo(options: RunOptions): Promise<Run> {
  const { screen, signal, seed } = options;
  const call = await startCall({
    browser: options.browser,
    count: options.participants,
    seed,
    link: options.link,
    media: options.media,
    progress: (text) => screen.print(`  ${text}`),
    signal,
  });
  try {
    await mediaFlows(call, (ms) => sleep(ms, undefined, { signal }));
    await Promise.all(call.seats.map(({ participant }) => participant.lookAway()));
    const readyMs = Date.now();
    screen.print('ready: all are in the call and media flows', 'good');

    const plan = {
      faultOnMs: readyMs + options.faultAfter * 1000,
      faultOffMs: readyMs + (options.faultAfter + options.faultFor) * 1000,
      endMs: readyMs + options.duration * 1000,
    };
    const marks = firstMarks(call, seed, readyMs);
    const reader = createCallReader(options.clickhouse, call.seats[0]!.participant.callId);
    const view = watch({ reader, marks, plan, screen, joinAddress: options.link });
    try {
      const network = await spoil(call, marks, plan, signal);
      marks.endMs = plan.endMs;
      await lastWindowScored(reader, marks, signal);
      await view.stop();
      const report = await reportOf(reader, marks, await factsOf(options, call, reader, network));
      return {
        report,
        async goOn() {
          const again = watch({ reader, marks, plan, screen, joinAddress: options.link });
          await new Promise<void>((resolve) => {
            if (signal.aborted) resolve();
            signal.addEventListener('abort', () => resolve(), { once: true });
          });
          await again.stop();
        },
        close: () => call.close(),
      };
    } catch (error) {
      await view.stop();
      throw error;
    }
  } catch (error) {
    await call.close();
    throw error;
  }
}

function firstMarks(call: Call, seed: number, readyMs: number): Marks {
  const participants = call.seats.map(({ participant: { participantId, name } }) => ({
    participantId,
    name,
  }));
  const target = participants[Math.floor(createRandom(seed, 'target')() * participants.length)]!;
  return { participants, target, fault, readyMs, faultOnMs: null, faultOffMs: null, endMs: null };
}

/** Brings the fault and takes it away again, and returns what the lines did to packets in between. */
async function spoil(
  call: Call,
  marks: Marks,
  plan: { faultOnMs: number; faultOffMs: number; endMs: number },
  signal: AbortSignal,
): Promise<RunFacts['network']> {
  const until = (atMs: number) => sleep(Math.max(0, atMs - Date.now()), undefined, { signal });
  const { line } = call.seats.find(
    ({ participant }) => participant.participantId === marks.target.participantId,
  )!;
  const counted = () => Promise.all(call.seats.map((seat) => seat.line.counters()));
  await until(plan.faultOnMs);
  const before = await counted();
  await line.change('down', {
    bandwidth: { bitrateBps: fault.bitrateBps, queueMs },
    lossRatio: fault.lossRatio,
  });
  marks.faultOnMs = Date.now();
  await until(plan.faultOffMs);
  await line.change('down', { bandwidth: null, lossRatio: 0 });
  marks.faultOffMs = Date.now();
  const after = await counted();
  await until(plan.endMs);
  return call.seats.map(({ participant, line: { host, port } }, i) => ({
    participant: participant.participantId,
    name: participant.name,
    line: `${host}:${port}`,
    counters: { up: since(before[i]!.up, after[i]!.up), down: since(before[i]!.down, after[i]!.down) },
  }));
}

/** What was counted between two readings; the longest queue is of the whole run. */
function since(before: Counters['up'], after: Counters['up']): Counters['up'] {
  const dropped = { ...after.dropped };
  for (const reason of Object.keys(dropped) as (keyof typeof dropped)[])
    dropped[reason] -= before.dropped[reason];
  return {
    packetsIn: after.packetsIn - before.packetsIn,
    bytesIn: after.bytesIn - before.bytesIn,
    packetsOut: after.packetsOut - before.packetsOut,
    bytesOut: after.bytesOut - before.bytesOut,
    duplicated: after.duplicated - before.duplicated,
    reordered: after.reordered - before.reordered,
    dropped,
    queueMs: after.queueMs,
    maxQueueMs: after.maxQueueMs,
  };
}

/** Waits until the window before the end of the run has scores; goes on without it when none come. */
async function lastWindowScored(reader: CallReader, marks: Marks, signal: AbortSignal): Promise<void> {
  const endMs = marks.endMs!;
  const deadline = Date.now() + scoredLimitMs;
  while (Date.now() < deadline) {
    const { scores } = await reader.read(endMs - 20_000);
    if (scores.some(({ window_start, window_ms }) => window_start + 2 * window_ms > endMs)) return;
    await sleep(500, undefined, { signal });
  }
}

async function reportOf(reader: CallReader, marks: Marks, facts: RunFacts): Promise<Report> {
  const report = buildReport(marks, await reader.read(0), facts);
  const reasons = failures(report);
  return { ...report, passed: reasons.length === 0, failures: reasons };
}

async function factsOf(
  options: RunOptions,
  call: Call,
  reader: CallReader,
  network: RunFacts['network'],
): Promise<RunFacts> {
  const { callId, roomId } = call.seats[0]!.participant;
  return {
    date: new Date().toISOString(),
    seed: options.seed,
    callId,
    roomId,
    machine: {
      platform: `${os.platform()} ${os.release()}`,
      arch: os.arch(),
      cpu: os.cpus()[0]?.model ?? 'unknown',
      cores: os.availableParallelism(),
      memoryBytes: os.totalmem(),
      node: process.version,
    },
    browser: { name: 'Chromium', version: options.browser.version() },
    mediasoup: { version: options.mediasoupVersion },
    clickhouse: await reader.facts(),
    network,
  };
}
