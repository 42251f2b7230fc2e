/**
 * A thread that reads one recording, judges it, and answers questions about it until it is ended. A thread of its own,
 * so that a large or hostile file neither holds up others nor takes more memory than it is given.
 */
import { createReadStream } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { RecordingError } from '../../quality/recordings/error.ts';
import { readRecordingBytes } from '../../quality/recordings/input.ts';
import { defaultLimits } from '../../quality/recordings/limits.ts';
import { recordedCall } from '../calls/recorded-call.ts';
import type { Ask, RecordingTask, Told } from './messages.ts';

const port = parentPort!;
const tell = (told: Told): void => port.postMessage(told);

const { file, callId } = workerData as RecordingTask;
try {
  const recording = await readRecordingBytes(createReadStream(file), defaultLimits);
  const call = recordedCall(recording, callId);
  port.on('message', (ask: Ask) => {
    try {
      const answer = ask.kind === 'series' ? call.series(ask.request) : call.events(ask.request);
      tell({ kind: 'answer', id: ask.id, answer });
    } catch (error) {
      tell({ kind: 'failed', id: ask.id, why: error instanceof Error ? error.message : String(error) });
    }
  });
  tell({ kind: 'page', page: call.page });
} catch (error) {
  if (!(error instanceof RecordingError)) throw error;
  tell({ kind: 'refused', why: error.message });
}
