/**
 * A process that reads one recording, judges it, and answers questions about it until it is ended. A process of its own,
 * so that a large or hostile file neither holds up others nor takes more memory than it is given: a thread's end of
 * memory can be everybody's, when it comes in the middle of parsing.
 */
import { createReadStream } from 'node:fs';
import { RecordingError } from '../../quality/recordings/error.ts';
import { readRecordingBytes } from '../../quality/recordings/input.ts';
import { defaultLimits } from '../../quality/recordings/limits.ts';
import { type RecordedCall, recordedCall } from '../calls/recorded-call.ts';
import type { Ask, RecordingTask, Told } from './messages.ts';

const tell = (told: Told): void => void process.send?.(told);
process.on('disconnect', () => process.exit());

const { file, callId } = JSON.parse(process.argv[2]!) as RecordingTask;
try {
  const recording = await readRecordingBytes(createReadStream(file), defaultLimits);
  const call = recordedCall(recording, callId);
  process.on('message', (ask: Ask) => {
    try {
      const answer = answerTo(call, ask);
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

function answerTo(call: RecordedCall, ask: Ask) {
  switch (ask.kind) {
    case 'series':
      return call.series(ask.request);
    case 'events':
      return call.events(ask.request);
    case 'samples':
      return call.samples(ask.request);
  }
}
