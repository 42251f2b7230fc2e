/**
 * How much one media worker and its node carry, with telemetry and without. Rooms are added step by step; at each step
 * telemetry is switched on and off in turn under the same load, and CPU time of the node's two processes is read. What
 * telemetry costs is the difference of neighbouring windows, so that a slower machine changes both sides.
 *
 * People are plain RTP senders and receivers in processes of their own (bench/rtp): three layers of a camera and a
 * microphone each, everybody receives everybody at the highest layer. No ICE, no feedback from receivers.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Benchmark,
  type BenchmarkReport,
  commit,
  limit,
  machine,
  median,
  optionOf,
} from './benchmark.ts';
import type { Target } from './rtp/senders.ts';
import { openUnread } from './rtp/unread.ts';
import type { Count, Reading, Request } from './scale/node.ts';

const defaults = { seconds: 4, rooms: 60, participants: 4, pairs: 3 };
const settleMs = 2_000;
const answerLimitMs = 30_000;
/** Each step has this many times the rooms of the one before. */
const growth = 1.4;
const firstRooms = 4;
/** Beyond this share of a core a worker has nothing left for a burst. */
const fullPercent = 80;
/** Of the packets that were sent to it. */
const mostLostRatio = 0.001;
/** Of all CPU time of the node's processes, %. */
const mostTelemetryPercent = 3;

export const scaleBenchmark: Benchmark = {
  summary: 'how many rooms and participants one media worker carries, and what telemetry takes of it',
  usage: `--rooms N (at most, default ${defaults.rooms}) --participants N (in a room, ${defaults.participants}) --seconds N (of a window, ${defaults.seconds}) --pairs N (of windows, ${defaults.pairs}) --plain (receivers get no SRTP)`,
  run,
};

interface Sizes {
  readonly rooms: number;
  readonly participants: number;
  readonly seconds: number;
  readonly pairs: number;
  readonly srtp: boolean;
}

/** % of a core. */
interface Window {
  readonly nodePercent: number;
  readonly workerPercent: number;
  readonly answerMs: number | null;
  readonly recordsPerSecond: number;
}

interface Step {
  readonly rooms: number;
  readonly participants: number;
  readonly on: readonly Window[];
  readonly off: readonly Window[];
  readonly packetsInPerSecond: number;
  readonly packetsOutPerSecond: number;
  readonly lostRatio: number;
  readonly nodeMb: number;
}

async function run(args: readonly string[]): Promise<BenchmarkReport> {
  const sizes: Sizes = {
    rooms: optionOf(args, '--rooms', defaults.rooms),
    participants: optionOf(args, '--participants', defaults.participants),
    seconds: optionOf(args, '--seconds', defaults.seconds),
    pairs: optionOf(args, '--pairs', defaults.pairs),
    srtp: !args.includes('--plain'),
  };
  const collector = await openCollector();
  const sink = await openUnread();
  const { port } = collector.address() as AddressInfo;
  const node = fork(path.join(import.meta.dirname, 'scale', 'node.ts'), [`http://127.0.0.1:${port}`]);
  const senders = fork(path.join(import.meta.dirname, 'rtp', 'senders.ts'));
  try {
    await once(node, 'message');
    const steps: Step[] = [];
    const targets: Target[] = [];
    try {
      for (let rooms = firstRooms; rooms <= sizes.rooms; rooms = Math.ceil(rooms * growth)) {
        const fill = { do: 'fill', rooms, participantsPerRoom: sizes.participants } as const;
        targets.push(...(await ask<Target[]>(node, fill)));
        senders.send(targets);
        await delay(settleMs);
        await ask(node, { do: 'receive', sinkPort: sink.port, srtp: sizes.srtp });
        const step = await measured(node, rooms, sizes);
        steps.push(step);
        console.log(lineOf(step));
        if (!isCarried(step, 'on') && !isCarried(step, 'off')) break;
      }
    } catch (error) {
      if (!(error instanceof NodeFull) || steps.length === 0) throw error;
      console.log(`with more rooms ${error.message}`);
    }
    return report(sizes, steps);
  } finally {
    senders.disconnect();
    sink.close();
    const ended = once(node, 'exit');
    node.disconnect();
    await ended;
    collector.close();
    collector.closeAllConnections();
  }
}

/** @throws NodeFull when the node has not answered within half a minute: its worker is late with everything then */
async function ask<Answer>(node: ChildProcess, request: Request): Promise<Answer> {
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(answerLimitMs)]);
  const said = once(node, 'message', { signal });
  const gone = once(node, 'exit', { signal }).then(() => {
    throw new Error('the media node ended in the middle of the benchmark');
  });
  node.send(request);
  try {
    const [answer] = await Promise.race([said, gone]);
    return answer as Answer;
  } catch (error) {
    throw signal.aborted ? new NodeFull('the media node is full: it does not answer') : error;
  } finally {
    over.abort();
    await Promise.allSettled([said, gone]);
  }
}

class NodeFull extends Error {}

async function measured(
  node: ChildProcess,
  rooms: number,
  { participants, seconds, pairs }: Sizes,
): Promise<Step> {
  const windows: Record<'on' | 'off', Window[]> = { on: [], off: [] };
  await delay(settleMs);
  const before = await ask<Count>(node, { do: 'count' });
  const beganMs = performance.now();
  for (let pair = 0; pair < pairs; pair++) {
    // Turned about, so that a machine that gets slower favours neither.
    for (const way of pair % 2 === 0 ? (['on', 'off'] as const) : (['off', 'on'] as const)) {
      await ask(node, { do: 'telemetry', on: way === 'on' });
      // What is under way when it is switched belongs to the other window.
      await delay(settleMs);
      windows[way].push(await window(node, seconds * 1_000));
    }
  }
  const tookMs = performance.now() - beganMs;
  const after = await ask<Count>(node, { do: 'count' });
  const { nodeBytes } = await ask<Reading>(node, { do: 'read' });
  const packets = after.packets - before.packets;
  const lost = after.packetsLost - before.packetsLost;
  return {
    rooms,
    participants: rooms * participants,
    ...windows,
    packetsInPerSecond: Math.round((1_000 * packets) / tookMs),
    packetsOutPerSecond: Math.round((1_000 * (after.packetsOut - before.packetsOut)) / tookMs),
    lostRatio: lost / (packets + lost),
    nodeMb: Math.round(nodeBytes / 2 ** 20),
  };
}

async function window(node: ChildProcess, ms: number): Promise<Window> {
  const before = await ask<Reading>(node, { do: 'read' });
  await delay(ms);
  const after = await ask<Reading>(node, { do: 'read' });
  const tookMs = after.atMs - before.atMs;
  const percent = (key: 'nodeMs' | 'workerMs') => (100 * (after[key] - before[key])) / tookMs;
  return {
    nodePercent: percent('nodeMs'),
    workerPercent: percent('workerMs'),
    answerMs: after.answerMs,
    recordsPerSecond: (1_000 * (after.records - before.records)) / tookMs,
  };
}

type Way = 'on' | 'off';
const middle = (step: Step, way: Way, key: 'nodePercent' | 'workerPercent') =>
  median(step[way].map((one) => one[key]));
const total = ({ nodePercent, workerPercent }: Window) => nodePercent + workerPercent;

const isCarried = (step: Step, way: Way) =>
  middle(step, way, 'workerPercent') <= fullPercent &&
  middle(step, way, 'nodePercent') <= fullPercent &&
  step.lostRatio <= mostLostRatio;

/** What telemetry takes of all that the node's processes use while it is on, %. */
const shares = (step: Step, of: (window: Window) => number) =>
  step.on.map((on, i) => (100 * (of(on) - of(step.off[i]!))) / total(on));

function lineOf(step: Step): string {
  const cell = (way: Way) =>
    `${way} node ${middle(step, way, 'nodePercent').toFixed(1)} % worker ${middle(step, way, 'workerPercent').toFixed(1)} %`;
  return `${step.rooms} rooms, ${step.participants} participants, ${step.packetsInPerSecond} packets/s in, ${step.packetsOutPerSecond} out, ${(100 * step.lostRatio).toFixed(3)} % lost: ${cell('on')}; ${cell('off')}; telemetry ${median(shares(step, total)).toFixed(1)} %, ${Math.round(median(step.on.map((o) => o.recordsPerSecond)))} records/s, answers ${median(step.on.map((o) => o.answerMs ?? 0))} ms`;
}

function report(sizes: Sizes, steps: readonly Step[]): BenchmarkReport {
  const most = (way: Way) =>
    Math.max(0, ...steps.filter((step) => isCarried(step, way)).map((s) => s.participants));
  const at = (way: Way) => Math.round(carried(steps, way));
  const share = median(steps.flatMap((step) => shares(step, total)));
  const largest = steps.findLast((step) => isCarried(step, 'on')) ?? steps[0]!;
  const perParticipant = (way: Way, key: 'nodePercent' | 'workerPercent') =>
    middle(largest, way, key) / largest.participants;
  return {
    name: 'scale',
    date: new Date().toISOString(),
    machine: machine(),
    sizes: {
      participantsPerRoom: sizes.participants,
      mediaWorkers: 1,
      secondsPerWindow: sizes.seconds,
      pairsOfWindows: sizes.pairs,
      srtp: String(sizes.srtp),
      fullPercent,
      commit: commit(),
    },
    result: {
      participantsOn: at('on'),
      participantsOff: at('off'),
      roomsOn: Math.floor(at('on') / sizes.participants),
      roomsOff: Math.floor(at('off') / sizes.participants),
      participantsTriedOn: most('on'),
      participantsTriedOff: most('off'),
      telemetryPercent: share,
      telemetryInNodePercent: median(steps.flatMap((step) => shares(step, (one) => one.nodePercent))),
      telemetryInWorkerPercent: median(steps.flatMap((step) => shares(step, (one) => one.workerPercent))),
      workerPercentPerParticipantOn: perParticipant('on', 'workerPercent'),
      workerPercentPerParticipantOff: perParticipant('off', 'workerPercent'),
      nodePercentPerParticipantOn: perParticipant('on', 'nodePercent'),
      nodePercentPerParticipantOff: perParticipant('off', 'nodePercent'),
      packetsInPerSecondPerParticipant: largest.packetsInPerSecond / largest.participants,
      packetsOutPerSecondPerParticipant: largest.packetsOutPerSecond / largest.participants,
      recordsPerSecondPerParticipant:
        median(largest.on.map((one) => one.recordsPerSecond)) / largest.participants,
    },
    limits: [limit('telemetry, % of the CPU time of the node', share, mostTelemetryPercent)],
    details: { steps },
  };
}

/** People at which one of the two processes is full: between two steps by a line, beyond the last in proportion to it. */
function carried(steps: readonly Step[], way: Way): number {
  const full = (key: 'nodePercent' | 'workerPercent') => {
    const points = steps.map((step) => ({ x: step.participants, y: middle(step, way, key) }));
    const above = points.findIndex(({ y }) => y > fullPercent);
    const last = points.at(-1)!;
    if (above < 0) return (last.x * fullPercent) / last.y;
    const to = points[above]!;
    const from = points[above - 1] ?? { x: 0, y: 0 };
    return from.x + ((fullPercent - from.y) * (to.x - from.x)) / (to.y - from.y);
  };
  return Math.min(full('workerPercent'), full('nodePercent'));
}

/** Takes everything that the node tells, at the least cost. */
async function openCollector(): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume();
    request.once('end', () => response.setHeader('content-type', 'application/x-protobuf').end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
