/**
 * What recorder and finisher both stand on: the recordings' folder, in which there is one of each, the queues to the
 * finisher, and the telling of what happens. Both add the same jobs by the same ids, so that none is there twice.
 */
import { mkdir } from 'node:fs/promises';
import { type FinishJob, queueNames, type TranscribeJob } from '../telemetry/queues.ts';
import type { Logger } from '../telemetry/service/service.ts';
import { collectorOf, type SharedConfig } from './config.ts';
import { aloneAt } from './disk/alone.ts';
import { Layout } from './disk/layout.ts';
import { JobQueue, type QueueSettings } from './queues.ts';
import { Reporter } from './reporter.ts';

export interface Side {
  readonly recorderId: string;
  readonly layout: Layout;
  readonly queueSettings: QueueSettings;
  readonly reporter: Reporter;
  /** False while Redis is away; the finisher looks at the disk by itself then. */
  finishSoon(recordingId: string): Promise<boolean>;
  writeDownSoon(recordingId: string, streamId: string, segment: number): Promise<boolean>;
  close(): Promise<void>;
}

/** @throws RecorderError `in_use` where another of the kind works in the same folder */
export async function openSide(
  config: SharedConfig,
  kind: 'recorder' | 'finisher',
  log: Logger,
): Promise<Side> {
  const recorderId = config.CALLSCOPE_RECORDER_ID;
  const layout = new Layout(config.CALLSCOPE_RECORDER_DIR);
  await mkdir(layout.root, { recursive: true, mode: 0o700 });
  const letGo = await aloneAt(layout.root, kind);
  const queueSettings = {
    redisUrl: config.CALLSCOPE_REDIS_URL,
    prefix: config.CALLSCOPE_QUEUE_PREFIX,
    log,
  };
  const finishing = new JobQueue<FinishJob>(queueNames.finish(recorderId), queueSettings);
  const speech = new JobQueue<TranscribeJob>(queueNames.transcribe(recorderId), queueSettings);
  const reporter = new Reporter({ collector: collectorOf(config), recorderId, log });
  return {
    recorderId,
    layout,
    queueSettings,
    reporter,
    finishSoon: (recordingId) => finishing.add(`finish-${recordingId}`, { recordingId }),
    writeDownSoon: (recordingId, streamId, segment) =>
      speech.add(`speech-${recordingId}-${streamId}-${segment}`, { recordingId, streamId, segment }),
    async close() {
      await Promise.all([finishing.close(), speech.close(), reporter.stop()]);
      letGo();
    },
  };
}
