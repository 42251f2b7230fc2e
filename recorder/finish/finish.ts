/**
 * A recording that has ended, brought as far as it can be: files made, stored, verified, told, and gone from here. Each
 * step leaves its mark on the disk when it is whole, so this may be killed anywhere and be called again.
 */

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { events } from '../../telemetry/events.ts';
import type { FinishJob } from '../../telemetry/queues.ts';
import type { Logger } from '../../telemetry/service/service.ts';
import {
  type Ended,
  exists,
  type Layout,
  type Manifest,
  type RecordingInfo,
  readJson,
  writeJson,
} from '../disk/layout.ts';
import { measured } from '../disk/measured.ts';
import { RecorderError } from '../errors.ts';
import type { Reporter } from '../reporter.ts';
import { spokenSchema, transcriptLines, webVtt } from '../speech/transcript.ts';
import type { Store } from '../store/store.ts';
import { mux } from './mux.ts';

export interface FinishParts {
  readonly layout: Layout;
  readonly store: Store;
  readonly reporter: Reporter;
  /** A piece of speech is still to be written down. */
  readonly onUnwritten: (recordingId: string, streamId: string, segment: number) => Promise<void>;
  readonly giveUpMs: number;
  readonly now: () => number;
  readonly log: Logger;
}

/** @throws RecorderError, or what the disk says; to be called again later then */
export async function finish({ recordingId }: FinishJob, parts: FinishParts): Promise<void> {
  const { layout, giveUpMs, now } = parts;
  const [info, ended] = await Promise.all([layout.info(recordingId), layout.ended(recordingId)]);
  if (!info || !ended) return;
  const late = now() - ended.endedAtMs > giveUpMs;
  try {
    if (!(await layout.isStored(recordingId))) await storeFiles(info, ended, parts);
  } catch (error) {
    if (!late) throw error;
    await giveUp(info, ended, error as Error, parts);
    return;
  }
  if (info.transcribe && !(await storeTranscript(info, late, parts))) return;
  await layout.remove(recordingId);
  parts.log.info({ callId: info.callId, recordingId }, 'recording stored; removed here');
}

async function storeFiles(info: RecordingInfo, ended: Ended, parts: FinishParts): Promise<void> {
  const { layout, store, reporter, log } = parts;
  const { recordingId } = info;
  const manifest = await mux(layout, info, ended.endedAtMs);
  for (const file of manifest.files) {
    await store.put({
      ...file,
      key: keyOf(info, file.name),
      file: path.join(layout.filesDir(recordingId), file.name),
    });
  }
  await reporter.tellForSure({
    name: events.recordingFinished,
    source: 'recorder',
    info,
    // The same each time it is told.
    atMs: ended.endedAtMs,
    attributes: { result: 'stored', ...figures(manifest) },
  });
  await writeJson(path.join(layout.dir(recordingId), 'stored.json'), { store: store.name });
  log.info({ callId: info.callId, recordingId, store: store.name, ...figures(manifest) }, 'recording stored');
}

const figures = ({ files, durationMs }: Manifest) => ({
  duration_ms: durationMs,
  files: files.length,
  bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
});

async function giveUp(info: RecordingInfo, ended: Ended, error: Error, parts: FinishParts): Promise<void> {
  const { layout, reporter, log } = parts;
  const reason = error instanceof RecorderError ? error.code : 'disk';
  await reporter.tellForSure({
    name: events.recordingFinished,
    source: 'recorder',
    info,
    atMs: ended.endedAtMs,
    attributes: { result: 'failed', reason },
  });
  await layout.giveUp(info.recordingId);
  const kept = layout.failedDir(info.recordingId);
  log.error(
    { callId: info.callId, recordingId: info.recordingId, kept, err: error },
    'recording given up; kept here',
  );
}

/** False while pieces of it are not written down yet, and still may be. */
async function storeTranscript(info: RecordingInfo, late: boolean, parts: FinishParts): Promise<boolean> {
  const { layout, store, onUnwritten } = parts;
  const { recordingId } = info;
  const pieces = [];
  let whole = true;
  for (const streamId of await layout.streams(recordingId)) {
    if (!streamId.startsWith('microphone-')) continue;
    for (const segment of await layout.segments(recordingId, streamId)) {
      const file = layout.transcriptFile(recordingId, streamId, segment);
      const spoken = await readJson(file, spokenSchema);
      if (spoken) pieces.push(spoken);
      else if (!(await exists(file))) {
        whole = false;
        if (!late) await onUnwritten(recordingId, streamId, segment);
      }
    }
  }
  if (!whole && !late) return false;
  const lines = transcriptLines(pieces, info.startedAtMs);
  const json = path.join(layout.filesDir(recordingId), 'transcript.json');
  const vtt = path.join(layout.filesDir(recordingId), 'transcript.vtt');
  await writeJson(json, { recordingId, callId: info.callId, whole, lines });
  await writeFile(vtt, webVtt(lines), { mode: 0o600 });
  for (const file of [json, vtt]) {
    await store.put({ key: keyOf(info, path.basename(file)), file, ...(await measured(file)) });
  }
  return true;
}

/** Ids may hold anything; a part of a key is one part. */
const keyOf = ({ tenantId, callId, recordingId }: RecordingInfo, name: string): string =>
  [tenantId, callId, recordingId, name]
    .map((part) => encodeURIComponent(part).replace(/^\.+$/, '_'))
    .join('/');
