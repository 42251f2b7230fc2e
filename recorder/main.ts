/**
 * The recorder: takes calls that media nodes want recorded, as plain RTP, and writes them to its disk. That is all it
 * does, so that little can stop it; the finisher (finish/main.ts) beside it makes files of them and stores them.
 *
 *   take/    taps, streams, RTCP      disk/    segment files and what stands where      media/    what is in the packets
 *   finish/  mux, store, delete       speech/  text from speech                         store/    folder or S3
 */
import { stat, statfs } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { events } from '../telemetry/events.ts';
import { queueNames } from '../telemetry/queues.ts';
import { recordJobSchema } from '../telemetry/recording.ts';
import { type Logger, type Running, runService } from '../telemetry/service/service.ts';
import { collectorOf, type RecorderConfig, readRecorderConfig } from './config.ts';
import { type EndReason, type Layout, type RecordingInfo, writeJson } from './disk/layout.ts';
import { Backlog } from './disk/segment-writer.ts';
import { healthServer } from './http.ts';
import { exportMetrics, type RecorderFigures } from './metrics.ts';
import { openWorker } from './queues.ts';
import { openSide } from './side.ts';
import { type Recording, startRecording } from './take/recording.ts';

/** A minute of fifty calls in which the disk takes nothing. */
const backlogBytes = 128 * 1024 * 1024;
const lookEveryMs = 10_000;

export interface RunningRecorder extends Running {
  readonly url: string;
  /** Under way. */
  readonly recordings: () => Recording[];
}

export async function startRecorder(config: RecorderConfig, log: Logger): Promise<RunningRecorder> {
  const side = await openSide(config, 'recorder', log);
  const { recorderId, layout, queueSettings, reporter } = side;
  const collector = collectorOf(config);
  const backlog = new Backlog(backlogBytes);
  const underWay = new Map<string, Recording>();

  const ended = (info: RecordingInfo, reason: EndReason, atMs: number) => {
    underWay.delete(info.recordingId);
    reporter.tell({ name: events.recordingStopped, source: 'recorder', info, atMs, attributes: { reason } });
    // The finisher looks at the disk by itself when this does not reach it.
    void side.finishSoon(info.recordingId);
  };
  await endWhatDied(layout, log, ended);

  const figures: { now: RecorderFigures; freeBytes: number } = {
    now: { recordings: 0, bufferedBytes: 0, oldestPendingSeconds: 0, droppedPackets: 0 },
    freeBytes: Number.POSITIVE_INFINITY,
  };
  const look = async () => {
    const { bavail, bsize } = await statfs(layout.root);
    figures.freeBytes = bavail * bsize;
    figures.now = {
      recordings: underWay.size,
      bufferedBytes: await layout.pendingBytes(),
      oldestPendingSeconds: await oldestPendingSeconds(layout, Date.now()),
      droppedPackets: backlog.droppedPackets,
    };
  };
  await look();
  const diskIsLow = () => figures.freeBytes < config.CALLSCOPE_RECORDER_MIN_FREE_MB * 1024 * 1024;
  const isFull = () => underWay.size >= config.CALLSCOPE_RECORDER_MAX_CALLS || diskIsLow();

  const worker = openWorker(
    queueNames.record,
    async (data) => {
      const job = recordJobSchema.parse(data);
      const recording = await startRecording({
        job,
        recorderId,
        secret: config.CALLSCOPE_RECORDER_SECRET,
        host: config.CALLSCOPE_RECORDER_RTP_HOST,
        layout,
        backlog,
        log,
        onSpeech: ({ recordingId }, streamId, segment) =>
          void side.writeDownSoon(recordingId, streamId, segment),
        onEnded: ended,
      });
      if (!recording) return;
      const { info } = recording;
      underWay.set(info.recordingId, recording);
      reporter.tell({ name: events.recordingStarted, source: 'recorder', info, atMs: info.startedAtMs });
      await consider();
    },
    { ...queueSettings, concurrency: 4 },
  );
  /** Jobs are left to other recorders while this one has no room. */
  const consider = async () => {
    if (isFull() && !worker.isPaused()) {
      log.warn({ recordings: underWay.size, freeBytes: figures.freeBytes }, 'takes no further call for now');
      await worker.pause(true);
    } else if (!isFull() && worker.isPaused()) worker.resume();
  };
  const timer = setInterval(() => {
    look()
      .then(consider)
      .catch((error: unknown) => log.error({ err: error }, 'the disk cannot be looked at'));
  }, lookEveryMs).unref();

  const server = healthServer({
    lacking: () => [
      ...(diskIsLow() ? [`less than ${config.CALLSCOPE_RECORDER_MIN_FREE_MB} MB are free`] : []),
      ...(backlog.fault ? [`the disk takes nothing: ${backlog.fault}`] : []),
    ],
    state: () => ({ ...figures.now, recordings: underWay.size, eventsDropped: reporter.dropped }),
  });
  const diskRefuses = () => backlog.hasRefused() || diskIsLow();
  const stopMetrics = collector
    ? exportMetrics(collector, recorderId, () => figures.now, diskRefuses)
    : async () => {};
  await server.listen({ host: config.CALLSCOPE_RECORDER_HOST, port: config.CALLSCOPE_RECORDER_PORT });
  const { address, port } = server.server.address() as AddressInfo;
  const url = `http://${address}:${port}`;
  return {
    url,
    recordings: () => [...underWay.values()],
    info: { url, recorderId, dir: layout.root },
    async stop() {
      clearInterval(timer);
      await worker.close(true);
      await Promise.all([...underWay.values()].map((recording) => recording.stop('recorder_stopping')));
      await Promise.all([server.close(), stopMetrics()]);
      await side.close();
    },
  };
}

/** What a recorder that died here left open. Its packets are whole up to its last tenth of a second. */
async function endWhatDied(
  layout: Layout,
  log: Logger,
  ended: (info: RecordingInfo, reason: EndReason, atMs: number) => void,
): Promise<void> {
  for (const recordingId of await layout.recordings()) {
    if (await layout.ended(recordingId)) continue;
    const info = await layout.info(recordingId);
    if (!info) {
      // It died before the first packet.
      await layout.remove(recordingId);
      continue;
    }
    const endedAtMs = await lastWrittenMs(layout, info);
    await writeJson(path.join(layout.dir(recordingId), 'ended.json'), { endedAtMs, reason: 'recorder_died' });
    log.warn({ callId: info.callId, recordingId }, 'recording of a recorder that died; it ends there');
    ended(info, 'recorder_died', endedAtMs);
  }
}

async function lastWrittenMs(layout: Layout, { recordingId, startedAtMs }: RecordingInfo): Promise<number> {
  let last = startedAtMs;
  for (const streamId of await layout.streams(recordingId)) {
    const dir = layout.streamDir(recordingId, streamId);
    const segment = (await layout.segments(recordingId, streamId)).at(-1);
    if (segment === undefined) continue;
    const { mtimeMs } = await stat(path.join(dir, `${String(segment).padStart(6, '0')}.rtp`));
    last = Math.max(last, mtimeMs);
  }
  return last;
}

async function oldestPendingSeconds(layout: Layout, nowMs: number): Promise<number> {
  let oldestMs = nowMs;
  for (const recordingId of await layout.recordings()) {
    if (await layout.isStored(recordingId)) continue;
    const ended = await layout.ended(recordingId);
    if (ended) oldestMs = Math.min(oldestMs, ended.endedAtMs);
  }
  return (nowMs - oldestMs) / 1_000;
}

if (import.meta.main) await runService('recorder', (log) => startRecorder(readRecorderConfig(), log));
