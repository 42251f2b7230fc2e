/**
 * Files out of segments: one for each participant with what was sent as it was sent (nothing is encoded again), one for
 * a shared screen, and one composed of all. All begin with the recording, so that they can be laid over one another.
 */
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Layout, Manifest, RecordingInfo } from '../disk/layout.ts';
import { writeJson } from '../disk/layout.ts';
import { measured } from '../disk/measured.ts';
import type { Frame } from '../media/frames.ts';
import { byTime, describeTrack, type RecordedTrack, recordedTracks, trackFrames } from '../media/tracks.ts';
import { type Track, webmBlocks, webmHeader } from '../media/webm.ts';
import { type ComposeInput, composeArguments } from './compose.ts';
import { runProgram } from './program.ts';

/** Slower than this many times the length of the call, ffmpeg hangs. */
const limitFactor = 10;
const leastLimitMs = 5 * 60_000;
/** A picture that stood still this long was off, ms. */
const offAfterMs = 2_000;

interface PlannedFile {
  readonly name: string;
  readonly participantId: string;
  readonly displayName: string;
  readonly tracks: { readonly recorded: RecordedTrack; readonly described: Track }[];
}

/** What one pass over the frames of a file has seen. */
interface Seen {
  lastMs: number;
  shown: [number, number][];
}

/** @returns the manifest, which is on the disk then. @throws RecorderError, or what the disk says */
export async function mux(layout: Layout, info: RecordingInfo, endedAtMs: number): Promise<Manifest> {
  const { recordingId, startedAtMs } = info;
  const done = await layout.manifest(recordingId);
  if (done) return done;
  const temporary = `${layout.filesDir(recordingId)}.tmp`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary);
  const limitMs = Math.max(leastLimitMs, limitFactor * (endedAtMs - startedAtMs));

  const { tracks, leftOut } = await recordedTracks(layout, recordingId);
  const planned = await plan(layout, recordingId, tracks);
  const inputs: ComposeInput[] = [];
  const seenOf: Seen[] = [];
  for (const file of planned) {
    const seen: Seen = { lastMs: 0, shown: [] };
    await runProgram({
      command: 'ffmpeg',
      debianPackage: 'ffmpeg',
      args: [
        ...quiet,
        '-f',
        'matroska',
        '-copyts',
        '-i',
        'pipe:0',
        '-map',
        '0',
        '-c',
        'copy',
        ...webm(path.join(temporary, file.name)),
      ],
      input: blocks(layout, info, file, seen),
      limitMs,
    });
    seenOf.push(seen);
    inputs.push({
      file: path.join(temporary, file.name),
      hasAudio: file.tracks.some(({ described }) => described.codec === 'opus'),
      shown: file.tracks.some(({ described }) => described.codec === 'vp8')
        ? seen.shown.map(([from, to]) => [from / 1_000, to / 1_000] as const)
        : null,
    });
  }
  const durationMs = Math.max(0, ...seenOf.map(({ lastMs }) => lastMs));
  const composed = composeArguments(inputs, durationMs / 1_000 + 0.1);
  if (composed) {
    await runProgram({
      command: 'ffmpeg',
      debianPackage: 'ffmpeg',
      args: [
        ...quiet,
        '-copyts',
        ...inputs.flatMap(({ file }) => ['-i', file]),
        ...composed,
        ...webm(path.join(temporary, 'composed.webm')),
      ],
      limitMs,
    });
  }
  await writeJson(path.join(temporary, 'recording.json'), { ...info, endedAtMs, durationMs, leftOut });

  const owners = new Map(planned.map((file) => [file.name, file]));
  const names = [...owners.keys(), ...(composed ? ['composed.webm'] : []), 'recording.json'];
  const files: Manifest['files'] = [];
  for (const name of names) {
    const owner = owners.get(name);
    files.push({
      name,
      ...(await measured(path.join(temporary, name))),
      ...(owner && { participantId: owner.participantId, displayName: owner.displayName }),
    });
  }
  const manifest: Manifest = { files, durationMs };
  await writeJson(path.join(temporary, 'manifest.json'), manifest);
  await rename(temporary, layout.filesDir(recordingId));
  return manifest;
}

const quiet = ['-hide_banner', '-nostdin', '-loglevel', 'error', '-y'];
const webm = (file: string) => ['-f', 'webm', file];

/** Camera and microphone in one file, screens in another. */
async function plan(
  layout: Layout,
  recordingId: string,
  tracks: readonly RecordedTrack[],
): Promise<PlannedFile[]> {
  const files = new Map<string, PlannedFile>();
  for (const recorded of tracks) {
    const described = await describeTrack(layout, recordingId, recorded);
    if (!described) continue;
    const { participantId, displayName, source } = recorded;
    const name = `${participantId.replace(/[^\w.-]/g, '_')}${source === 'screen' ? '-screen' : ''}.webm`;
    const file = files.get(name) ?? { name, participantId, displayName, tracks: [] };
    file.tracks.push({ recorded, described });
    files.set(name, file);
  }
  return [...files.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function* blocks(
  layout: Layout,
  { recordingId, startedAtMs }: RecordingInfo,
  { tracks }: PlannedFile,
  seen: Seen,
): AsyncGenerator<Buffer> {
  yield webmHeader(tracks.map(({ described }) => described));
  const block = webmBlocks();
  const sources = tracks.map(({ recorded, described }, i) =>
    numbered(i + 1, described.codec === 'vp8', trackFrames(layout, recordingId, recorded)),
  );
  const lastOf = tracks.map(() => -1);
  for await (const { track, picture, frame } of byTime(sources, ({ frame: { timeMs } }) => timeMs)) {
    // A container wants each track to rise; two frames of one moment differ by a millisecond.
    const timeMs = Math.max(Math.round(frame.timeMs - startedAtMs), lastOf[track - 1]! + 1, 0);
    lastOf[track - 1] = timeMs;
    seen.lastMs = Math.max(seen.lastMs, timeMs);
    if (picture) {
      const last = seen.shown.at(-1);
      if (last && timeMs - last[1] <= offAfterMs) last[1] = timeMs;
      else seen.shown.push([timeMs, timeMs]);
    }
    yield block(track, timeMs, frame);
  }
}

async function* numbered(
  track: number,
  picture: boolean,
  frames: AsyncIterable<Frame>,
): AsyncGenerator<{ track: number; picture: boolean; frame: Frame }, void, undefined> {
  for await (const frame of frames) yield { track, picture, frame };
}
