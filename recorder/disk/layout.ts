/**
 * Where things are on a recorder's disk. What has happened to a recording is told by which of these files are there,
 * each put in place whole; nothing else needs to be remembered, and Redis may forget all jobs.
 *
 *   live/ID/recording.json          who is recorded; before the first packet
 *   live/ID/streams/STREAM/*.rtp    packets (segment.ts)
 *   live/ID/transcript/STREAM-N.json  what was said in segment N of a stream
 *   live/ID/ended.json              nothing more is written; why it ended
 *   live/ID/files/                  muxed, with manifest.json
 *   live/ID/stored.json             in the store and verified, and told to the collector
 *   failed/ID/                      given up, kept to be looked at
 */
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { segmentFile } from './segment-writer.ts';

export const recordingInfoSchema = z.object({
  recordingId: z.string(),
  recorderId: z.string(),
  tenantId: z.string(),
  roomId: z.string(),
  callId: z.string(),
  sfuNodeId: z.string(),
  transcribe: z.boolean(),
  startedAtMs: z.number(),
});
export type RecordingInfo = z.infer<typeof recordingInfoSchema>;

export const endReasons = [
  'call_over',
  'stopped',
  'node_stopping',
  'tap_lost',
  'recorder_stopping',
  'recorder_died',
] as const;
export type EndReason = (typeof endReasons)[number];

export const endedSchema = z.object({
  endedAtMs: z.number(),
  reason: z.enum(endReasons),
  /** Packets that came to this recorder meanwhile and could not be written; unknown after a crash. */
  droppedPackets: z.number().optional(),
});
export type Ended = z.infer<typeof endedSchema>;

export const manifestSchema = z.object({
  files: z.array(
    z.object({
      name: z.string(),
      bytes: z.number(),
      /** Base64, as object stores have it. */
      sha256: z.string(),
      participantId: z.string().optional(),
      displayName: z.string().optional(),
    }),
  ),
  durationMs: z.number(),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** Ids come from outside; what is not of this form is no folder of ours. */
const safeId = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,159}$/;

export class Layout {
  readonly root: string;

  constructor(root: string) {
    this.root = path.resolve(root);
  }

  dir(recordingId: string): string {
    if (!safeId.test(recordingId)) throw new Error(`"${recordingId.slice(0, 40)}" is no id of a recording`);
    return path.join(this.root, 'live', recordingId);
  }

  failedDir(recordingId: string): string {
    return path.join(this.root, 'failed', path.basename(this.dir(recordingId)));
  }

  streamsDir(recordingId: string): string {
    return path.join(this.dir(recordingId), 'streams');
  }

  streamDir(recordingId: string, streamId: string): string {
    if (!safeId.test(streamId)) throw new Error(`"${streamId.slice(0, 40)}" is no id of a stream`);
    return path.join(this.streamsDir(recordingId), streamId);
  }

  transcriptFile(recordingId: string, streamId: string, segment: number): string {
    return path.join(this.dir(recordingId), 'transcript', `${streamId}-${segment}.json`);
  }

  filesDir(recordingId: string): string {
    return path.join(this.dir(recordingId), 'files');
  }

  async recordings(): Promise<string[]> {
    return (await namesIn(path.join(this.root, 'live'))).filter((name) => safeId.test(name));
  }

  info(recordingId: string): Promise<RecordingInfo | null> {
    return readJson(path.join(this.dir(recordingId), 'recording.json'), recordingInfoSchema);
  }

  ended(recordingId: string): Promise<Ended | null> {
    return readJson(path.join(this.dir(recordingId), 'ended.json'), endedSchema);
  }

  manifest(recordingId: string): Promise<Manifest | null> {
    return readJson(path.join(this.filesDir(recordingId), 'manifest.json'), manifestSchema);
  }

  isStored(recordingId: string): Promise<boolean> {
    return exists(path.join(this.dir(recordingId), 'stored.json'));
  }

  async streams(recordingId: string): Promise<string[]> {
    return (await namesIn(this.streamsDir(recordingId))).filter((name) => safeId.test(name));
  }

  /** Numbers of a stream's segments, rising. */
  async segments(recordingId: string, streamId: string): Promise<number[]> {
    return (await namesIn(this.streamDir(recordingId, streamId)))
      .flatMap((name) => /^(\d{6})\.rtp$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  }

  readSegmentFile(recordingId: string, streamId: string, segment: number): Promise<Buffer> {
    return readFile(segmentFile(this.streamDir(recordingId, streamId), segment));
  }

  /** Bytes on this disk, all recordings that are not in the store. */
  async pendingBytes(): Promise<number> {
    let sum = 0;
    for (const id of await this.recordings()) sum += await bytesIn(this.dir(id));
    return sum;
  }

  /** Everything of it goes. Renamed first, so that a crash in between leaves no half recording. */
  async remove(recordingId: string): Promise<void> {
    const gone = path.join(this.root, 'gone', recordingId);
    await mkdir(path.dirname(gone), { recursive: true });
    await rename(this.dir(recordingId), gone).catch(ifMissing);
    await rm(gone, { recursive: true, force: true });
  }

  async giveUp(recordingId: string): Promise<void> {
    await mkdir(path.dirname(this.failedDir(recordingId)), { recursive: true });
    await rename(this.dir(recordingId), this.failedDir(recordingId)).catch(ifMissing);
  }
}

/** Whole or not at all, and on the disk before the promise resolves. */
export async function writeJson(file: string, value: unknown): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(value)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}

/** @returns null where it is not there, or not of this form */
export async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return null;
  }
}

export async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

async function namesIn(dir: string): Promise<string[]> {
  return readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
}

async function bytesIn(dir: string): Promise<number> {
  let sum = 0;
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (!entry.isFile()) continue;
    sum += await stat(path.join(entry.parentPath, entry.name)).then(
      ({ size }) => size,
      () => 0,
    );
  }
  return sum;
}

function ifMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
