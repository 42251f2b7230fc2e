/** One recording: one recorder's stay on one call, from the open tap to the last file closed. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { RecordJob, SentStreamInfo } from '../../telemetry/recording.ts';
import type { Logger } from '../../telemetry/service/service.ts';
import { type EndReason, type Layout, type RecordingInfo, writeJson } from '../disk/layout.ts';
import type { Backlog } from '../disk/segment-writer.ts';
import { type TakenStream, takeStream } from './stream.ts';
import { type OpenTap, openTap } from './tap.ts';

export interface RecordingOptions {
  readonly job: RecordJob;
  readonly recorderId: string;
  readonly secret: string;
  readonly host: string;
  readonly layout: Layout;
  readonly backlog: Backlog;
  readonly log: Logger;
  /** A piece of speech can be written down. */
  readonly onSpeech: (info: RecordingInfo, streamId: string, segment: number) => void;
  /** All is on the disk, `ended.json` too. */
  readonly onEnded: (info: RecordingInfo, reason: EndReason, endedAtMs: number) => void;
}

export interface Recording {
  readonly info: RecordingInfo;
  /** Streams being written, those that ended not counted. */
  readonly streams: number;
  stop(reason: EndReason): Promise<void>;
}

/** @returns null where there is nothing to record. @throws RecorderError, or what the disk says */
export async function startRecording(options: RecordingOptions): Promise<Recording | null> {
  const { job, recorderId, secret, layout, log } = options;
  const { sfuUrl, ...ofCall } = job;
  const startedAtMs = Date.now();
  const recordingId = `${job.callId}.${startedAtMs.toString(36)}`;
  const info: RecordingInfo = { recordingId, recorderId, ...ofCall, startedAtMs };
  const taking = new Map<string, Promise<TakenStream | null>>();
  const closings: Promise<void>[] = [];
  let told: EndReason | undefined;
  let taken = 0;
  const droppedBefore = options.backlog.droppedPackets;

  // Waits until there is a folder: the tap may speak before it is returned.
  let ready: (tap: OpenTap) => void = () => {};
  const opened = new Promise<OpenTap>((resolve) => {
    ready = resolve;
  });
  let ended: Promise<void> | undefined;
  const end = (reason: EndReason) => {
    ended ??= (async () => {
      const tap = await opened;
      tap.close();
      const streams = await Promise.all(taking.values());
      await Promise.all([...streams.map((stream) => stream?.close()), ...closings]);
      const endedAtMs = Date.now();
      const droppedPackets = options.backlog.droppedPackets - droppedBefore;
      await untilWritten(
        () =>
          writeJson(path.join(layout.dir(recordingId), 'ended.json'), { endedAtMs, reason, droppedPackets }),
        log,
      );
      log.info({ callId: job.callId, recordingId, reason, streams: taken }, 'recording ended');
      options.onEnded(info, reason, endedAtMs);
    })();
    return ended;
  };

  const tap = await openTap({
    job,
    recorderId,
    secret,
    onEvent: (event) => {
      if (event.type === 'ended') told = event.reason;
      else if (event.type === 'gone') {
        const stream = taking.get(event.producerId);
        taking.delete(event.producerId);
        if (stream) closings.push(stream.then((one) => one?.close()));
      } else {
        const { type: _, ...sent } = event;
        taking.set(sent.producerId, take(sent));
      }
    },
    onClosed: () => void end(told ?? 'tap_lost'),
  });
  if (!tap) return null;
  try {
    await mkdir(layout.streamsDir(recordingId), { recursive: true, mode: 0o700 });
    await writeJson(path.join(layout.dir(recordingId), 'recording.json'), info);
  } catch (error) {
    // The node asks for another recorder.
    tap.close();
    throw error;
  }
  ready(tap);
  log.info({ callId: job.callId, recordingId }, 'recording');
  return {
    info,
    get streams() {
      return taking.size;
    },
    stop: end,
  };

  async function take(sent: SentStreamInfo): Promise<TakenStream | null> {
    const streamId = `${sent.source}-${sent.producerId}`;
    for (let attempt = 1; ; attempt++) {
      try {
        const stream = await takeOnce(streamId, sent);
        taken += 1;
        return stream;
      } catch (error) {
        // It closed meanwhile; then nothing is missing.
        if (ended || !taking.has(sent.producerId)) return null;
        log.warn({ recordingId, streamId, attempt, err: error }, 'stream not taken');
        if (attempt === mostAttempts) return null;
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }

  async function takeOnce(streamId: string, sent: SentStreamInfo): Promise<TakenStream> {
    const tap = await opened;
    const dir = layout.streamDir(recordingId, streamId);
    await mkdir(dir, { recursive: true });
    return takeStream({
      streamId,
      sent,
      dir,
      host: options.host,
      backlog: options.backlog,
      onFault: (error) =>
        log.error({ recordingId, streamId, err: error }, 'the disk takes nothing; packets wait'),
      take: (address) => tap.take(sent.producerId, address),
      onSegment: (segment, voiced) => {
        if (info.transcribe && voiced) options.onSpeech(info, streamId, segment);
      },
    });
  }
}

/** A media node that is busy for this many seconds is out of order. */
const mostAttempts = 10;
const retryMs = 1_000;

/** On a full disk too: sooner or later there is room, or the process ends and its next start does this. */
async function untilWritten(write: () => Promise<void>, log: Logger): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write();
    } catch (error) {
      if (attempt === 1) log.error({ err: error }, 'the end of a recording cannot be written; tried again');
      await new Promise((resolve) => setTimeout(resolve, retryMs).unref());
    }
  }
}
