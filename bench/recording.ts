/**
 * What recording costs the media node: CPU time of its two processes (node and media worker) while a room is not
 * recorded, while its streams are forwarded to a socket that drops them, and while a recorder takes them. The last two
 * must be alike: recording is forwarding, and files are never the node's work.
 *
 * Senders are synthetic RTP in a process of their own; the node's figure is that of this process, which does little else.
 */
// First: mediasoup reads where its worker is when it is loaded.
import '../test/support/worker-bin.ts';
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Layout } from '../recorder/disk/layout.ts';
import { readSegment } from '../recorder/disk/segment.ts';
import { startRedis } from '../runtime/embedded/redis.ts';
import { recordable } from '../sfu/recording/RecordingTaps.ts';
import { type Rig, startRig } from '../test/recorder/support/rig.ts';
import { until } from '../test/support/waiting.ts';
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

/** Enough that the worker's share is no rounding error. */
const participants = 16;
const defaultRounds = 3;
const settleMs = 2_000;
const measuredMs = 8_000;
/** By how much forwarding to a recorder may cost more than forwarding to a socket, % of a core. */
const mostDifference = 3;

type Way = 'off' | 'forwarded' | 'recorded';

export const recordingBenchmark: Benchmark = {
  summary: 'what recording costs the media node, against forwarding alone',
  usage: `--rounds N (of each way, default ${defaultRounds})`,
  run: async (args) => run(optionOf(args, '--rounds', defaultRounds)),
};

interface Measured {
  readonly nodePercent: number;
  readonly workerPercent: number;
  readonly recorderPercent: number;
}

async function run(rounds: number): Promise<BenchmarkReport> {
  const dir = mkdtempSync(path.join(tmpdir(), 'callscope-bench-recording-'));
  const redis = await startRedis({ dataDir: dir });
  const rig = await startRig(redis.url, 0);
  const senders = fork(path.join(import.meta.dirname, 'rtp', 'senders.ts'));
  try {
    const recorder = await rig.recorder();
    const { callId, targets } = await room(rig);
    senders.send(targets);
    const measured: Record<Way, Measured[]> = { off: [], forwarded: [], recorded: [] };
    for (let round = 0; round < rounds; round++) {
      for (const way of ['off', 'forwarded', 'recorded'] as const) {
        const end = await begin(way, rig, callId, targets.length);
        await delay(settleMs);
        measured[way].push(await measure(rig, callId, recorder.process.pid!));
        await end();
      }
    }
    return report(rounds, measured, await packetsLost(rig.recorderDir));
  } finally {
    senders.disconnect();
    await rig.stop();
    await redis.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** People who send and do not receive: what is measured is what recording adds. */
async function room(rig: Rig): Promise<{ callId: string; targets: Target[] }> {
  const targets: Target[] = [];
  let callId = '';
  for (let i = 0; i < participants; i++) {
    const client = await rig.node.join('recorded', `P${i}`);
    callId = client.joined!.callId;
    const { router, participants: present } = rig.node.rooms.call(callId)!.room!;
    const { producers } = present.get(client.joined!.participantId)!;
    for (const kind of ['audio', 'video'] as const) {
      const transport = await router.createPlainTransport({
        listenInfo: { protocol: 'udp', ip: '127.0.0.1' },
        rtcpMux: true,
        comedia: true,
      });
      const ssrc = 1_000 * (i + 1) + (kind === 'audio' ? 1 : 2);
      const payloadType = kind === 'audio' ? 111 : 101;
      const codec =
        kind === 'audio'
          ? { mimeType: 'audio/opus', payloadType, clockRate: 48_000, channels: 2 }
          : { mimeType: 'video/VP8', payloadType, clockRate: 90_000 };
      const producer = await transport.produce({
        kind,
        rtpParameters: { codecs: [codec], encodings: [{ ssrc }] },
      });
      producers.set(producer.id, {
        producer,
        source: kind === 'audio' ? 'microphone' : 'camera',
        transportId: transport.id,
      });
      targets.push({ kind, port: transport.tuple.localPort, ssrc, payloadType });
    }
  }
  return { callId, targets };
}

/** @returns ends it */
async function begin(way: Way, rig: Rig, callId: string, streams: number): Promise<() => Promise<void>> {
  if (way === 'off') return async () => {};
  if (way === 'recorded') {
    const before = rig.told('rtc.recording.started').length;
    await rig.request('POST', '/api/v1/recordings', { tenantId: 'acme', roomId: 'recorded' });
    await until('it is recorded', async () => rig.told('rtc.recording.started').length > before);
    return async () => {
      const stopped = rig.told('rtc.recording.stopped').length;
      await rig.request('DELETE', `/api/v1/recordings/${callId}`);
      await until('it has ended', async () => rig.told('rtc.recording.stopped').length > stopped);
    };
  }
  const { router, participants: present } = rig.node.rooms.call(callId)!.room!;
  const sink = await openUnread();
  const transports: { close(): void }[] = [];
  for (const { producers } of present.values()) {
    for (const producerId of producers.keys()) {
      const transport = await router.createPlainTransport({
        listenInfo: { protocol: 'udp', ip: '127.0.0.1' },
        rtcpMux: true,
        comedia: false,
      });
      await transport.connect({ ip: '127.0.0.1', port: sink.port });
      // As a recorder's: with a bandwidth estimate that nobody answers it would cost more than recording does.
      await transport.consume({ producerId, rtpCapabilities: recordable(router.rtpCapabilities) });
      transports.push(transport);
    }
  }
  if (transports.length !== streams)
    throw new Error(`${transports.length} of ${streams} streams are forwarded`);
  return async () => {
    for (const transport of transports) transport.close();
    sink.close();
  };
}

async function measure(rig: Rig, callId: string, recorderPid: number): Promise<Measured> {
  const { worker } = rig.node.rooms.call(callId)!.room!.slot;
  const read = async () => {
    const { ru_utime, ru_stime } = await worker.getResourceUsage();
    const { user, system } = process.cpuUsage();
    return {
      atMs: performance.now(),
      worker: ru_utime + ru_stime,
      node: (user + system) / 1_000,
      recorder: cpuMs(recorderPid),
    };
  };
  const before = await read();
  await delay(measuredMs);
  const after = await read();
  const percent = (key: 'worker' | 'node' | 'recorder') =>
    (100 * (after[key] - before[key])) / (after.atMs - before.atMs);
  return {
    nodePercent: percent('node'),
    workerPercent: percent('worker'),
    recorderPercent: percent('recorder'),
  };
}

/** User and system time of another process; /proc counts in hundredths of a second. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

/** Gaps in the sequence numbers of all that was recorded. */
async function packetsLost(recorderDir: string): Promise<{ packets: number; lost: number }> {
  const layout = new Layout(recorderDir);
  let packets = 0;
  let lost = 0;
  for (const recordingId of await layout.recordings()) {
    for (const streamId of await layout.streams(recordingId)) {
      const seen = new Set<number>();
      for (const segment of await layout.segments(recordingId, streamId)) {
        const read = readSegment(await layout.readSegmentFile(recordingId, streamId, segment));
        for (const { rtp } of read.packets) seen.add(rtp.readUInt16BE(2));
      }
      packets += seen.size;
      if (seen.size > 0) lost += Math.max(...seen) - Math.min(...seen) + 1 - seen.size;
    }
  }
  return { packets, lost };
}

function report(
  rounds: number,
  measured: Record<Way, Measured[]>,
  { packets, lost }: { packets: number; lost: number },
): BenchmarkReport {
  const medianOf = (way: Way, key: keyof Measured) => median(measured[way].map((one) => one[key]));
  const sfu = (way: Way) => medianOf(way, 'nodePercent') + medianOf(way, 'workerPercent');
  const difference = sfu('recorded') - sfu('forwarded');
  return {
    name: 'recording',
    date: new Date().toISOString(),
    machine: machine(),
    sizes: { participants, streams: 2 * participants, videoKbps: 600, rounds, seconds: measuredMs / 1_000 },
    result: {
      workerOffPercent: medianOf('off', 'workerPercent'),
      workerForwardedPercent: medianOf('forwarded', 'workerPercent'),
      workerRecordedPercent: medianOf('recorded', 'workerPercent'),
      nodeOffPercent: medianOf('off', 'nodePercent'),
      nodeForwardedPercent: medianOf('forwarded', 'nodePercent'),
      nodeRecordedPercent: medianOf('recorded', 'nodePercent'),
      recorderPercent: medianOf('recorded', 'recorderPercent'),
      packetsRecorded: packets,
      packetsLost: lost,
    },
    limits: [
      limit('recorded more than forwarded, % of a core', difference, mostDifference),
      limit('packets lost', lost, 0),
    ],
    details: { commit: commit(), measured },
  };
}
