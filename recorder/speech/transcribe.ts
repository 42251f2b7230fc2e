/** One piece of speech (a segment of a microphone's stream) to text, once: what was said stands on the disk then. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { events } from '../../telemetry/events.ts';
import { transcribeJobSchema } from '../../telemetry/queues.ts';
import { exists, type Layout, writeJson } from '../disk/layout.ts';
import { readSegment, type Segment, type StreamInfo } from '../disk/segment.ts';
import { runProgram } from '../finish/program.ts';
import { codecOf, type Frame, framesOf } from '../media/frames.ts';
import { audioLevel, parseRtp } from '../media/rtp.ts';
import { webmBlocks, webmHeader } from '../media/webm.ts';
import type { Reporter } from '../reporter.ts';
import { isVoice } from '../take/pieces.ts';
import type { SpeechEngine, Utterance } from './engine.ts';
import type { Spoken } from './transcript.ts';

export interface TranscribeParts {
  readonly layout: Layout;
  readonly engine: SpeechEngine;
  readonly reporter: Reporter;
  readonly now: () => number;
}

const limitMs = 60_000;

/** @throws RecorderError; the job is tried again then */
export async function transcribe(data: unknown, parts: TranscribeParts): Promise<void> {
  const { layout, reporter, now } = parts;
  const { recordingId, streamId, segment } = transcribeJobSchema.parse(data);
  const target = layout.transcriptFile(recordingId, streamId, segment);
  const info = await layout.info(recordingId);
  // Written down already, or stored and gone.
  if (!info || (await exists(target))) return;
  const read = readSegment(await layout.readSegmentFile(recordingId, streamId, segment));
  if (!read.info || codecOf(read.info) !== 'opus' || !holdsVoice(read, read.info)) {
    await writeJson(target, nothingSaid(streamId, read.info));
    return;
  }
  const { participantId, displayName } = read.info;
  const told = { source: 'transcriber', info, participantId } as const;
  reporter.tell({ ...told, name: events.transcriptionStarted, atMs: now() });
  const { utterances, endedAtMs } = await heard(read.info, read, parts.engine);
  const atMs = now();
  const spoken: Spoken = {
    streamId,
    participantId,
    displayName,
    engine: parts.engine.name,
    utterances: utterances.map((said) => ({ ...said, latencyMs: atMs - said.endMs })),
  };
  await writeJson(target, spoken);
  // Nothing understood is an answer too, as late as it is.
  const pieces =
    spoken.utterances.length > 0 ? spoken.utterances : [{ text: '', latencyMs: atMs - endedAtMs }];
  for (const { text, latencyMs } of pieces) {
    reporter.tell({
      ...told,
      name: events.transcriptionSegment,
      atMs,
      attributes: {
        latency_ms: latencyMs,
        words: text.split(/\s+/).filter(Boolean).length,
        engine: parts.engine.name,
      },
    });
  }
}

const nothingSaid = (streamId: string, info: StreamInfo | null): Spoken => ({
  streamId,
  participantId: info?.participantId ?? '',
  displayName: info?.displayName ?? '',
  engine: 'none',
  utterances: [],
});

function holdsVoice({ packets }: Segment, { audioLevelId }: StreamInfo): boolean {
  return packets.some(({ rtp }) => {
    const level = audioLevelId === null ? null : audioLevel(rtp, audioLevelId);
    return isVoice(level, parseRtp(rtp)?.payload.length ?? 0);
  });
}

/** What the engine makes of it, in epoch ms. */
async function heard(
  info: StreamInfo,
  { packets }: Segment,
  engine: SpeechEngine,
): Promise<{ utterances: Utterance[]; endedAtMs: number }> {
  const frames: Frame[] = [];
  for await (const frame of framesOf(info, fromArray(packets))) frames.push(frame);
  const startMs = frames[0]?.timeMs ?? 0;
  const dir = await mkdtemp(path.join(tmpdir(), 'callscope-speech-'));
  try {
    const wav = path.join(dir, 'speech.wav');
    await runProgram({
      command: 'ffmpeg',
      debianPackage: 'ffmpeg',
      // Where nothing was sent there was silence: filled, so that times stay right.
      args: [...quiet, '-f', 'matroska', '-i', 'pipe:0', '-af', 'aresample=16000:async=1', '-ac', '1', wav],
      input: webm(info, frames, startMs),
      limitMs,
    });
    const utterances = (await engine.transcribe(wav)).map((said) => ({
      ...said,
      startMs: startMs + said.startMs,
      endMs: startMs + said.endMs,
    }));
    return { utterances, endedAtMs: frames.at(-1)?.timeMs ?? 0 };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const quiet = ['-hide_banner', '-nostdin', '-loglevel', 'error', '-y'];

async function* webm(info: StreamInfo, frames: readonly Frame[], startMs: number): AsyncGenerator<Buffer> {
  yield webmHeader([{ codec: 'opus', name: info.source, channels: info.channels }]);
  const block = webmBlocks();
  for (const frame of frames) yield block(1, frame.timeMs - startMs, frame);
}

async function* fromArray<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
