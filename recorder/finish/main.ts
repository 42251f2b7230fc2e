/**
 * The finisher: makes files of what the recorder beside it has written, stores them, writes speech down. It may lag, fail
 * and be killed; the recorder does not notice, and what is to be done stands on the disk.
 */
import type { AddressInfo } from 'node:net';
import { finishJobSchema, queueNames, transcribeJobSchema } from '../../telemetry/queues.ts';
import { type Logger, type Running, runService } from '../../telemetry/service/service.ts';
import { type FinisherConfig, readFinisherConfig } from '../config.ts';
import { healthServer } from '../http.ts';
import { openWorker } from '../queues.ts';
import { openSide } from '../side.ts';
import { engineOf } from '../speech/engine.ts';
import { transcribe } from '../speech/transcribe.ts';
import { folderStore } from '../store/folder.ts';
import { s3Store } from '../store/s3.ts';
import type { Store } from '../store/store.ts';
import { finish } from './finish.ts';

/** Jobs that Redis lost are found on the disk this often. */
const lookEveryMs = 10_000;
/** A store that is slow for one recording is not in the way of the next. */
const finishAtOnce = 2;
/** Engines take a core each. */
const speechAtOnce = 1;

export interface RunningFinisher extends Running {
  readonly url: string;
}

export async function startFinisher(config: FinisherConfig, log: Logger): Promise<RunningFinisher> {
  const side = await openSide(config, 'finisher', log);
  const { recorderId, layout, queueSettings, reporter, finishSoon } = side;
  const store = storeOf(config);
  const engine = engineOf(config);
  const parts = {
    layout,
    store,
    engine,
    reporter,
    giveUpMs: config.CALLSCOPE_RECORDING_GIVE_UP_HOURS * 3_600_000,
    now: Date.now,
    log,
    async onUnwritten(recordingId: string, streamId: string, segment: number) {
      await side.writeDownSoon(recordingId, streamId, segment);
    },
  };
  const underWay = new Set<string>();
  const workers = [
    openWorker(
      queueNames.finish(recorderId),
      async (data) => {
        const { recordingId } = finishJobSchema.parse(data);
        // A job that the queue took for lost, as this process was starved: two must not write one file.
        if (underWay.has(recordingId)) return;
        underWay.add(recordingId);
        await finish({ recordingId }, parts).finally(() => underWay.delete(recordingId));
      },
      { ...queueSettings, concurrency: finishAtOnce },
    ),
    openWorker(
      queueNames.transcribe(recorderId),
      async (data) => {
        await transcribe(data, parts);
        const { recordingId } = transcribeJobSchema.parse(data);
        if (await layout.isStored(recordingId)) await finishSoon(recordingId);
      },
      { ...queueSettings, concurrency: speechAtOnce },
    ),
  ];
  const look = async () => {
    for (const recordingId of await layout.recordings()) {
      if (await layout.ended(recordingId)) await finishSoon(recordingId);
    }
  };
  const tryLook = () =>
    look().catch((error: unknown) => log.error({ err: error }, 'the disk cannot be looked at'));
  const timer = setInterval(tryLook, lookEveryMs).unref();
  void tryLook();

  const server = healthServer({
    lacking: () => [],
    state: async () => ({
      store: store.name,
      engine: engine.name,
      pendingBytes: await layout.pendingBytes(),
      eventsDropped: reporter.dropped,
    }),
  });
  await server.listen({ host: config.CALLSCOPE_FINISHER_HOST, port: config.CALLSCOPE_FINISHER_PORT });
  const { address, port } = server.server.address() as AddressInfo;
  const url = `http://${address}:${port}`;
  return {
    url,
    info: { url, recorderId, store: store.name, engine: engine.name },
    async stop() {
      clearInterval(timer);
      // What is under way is done again by the next start; ffmpeg ends with this process.
      await Promise.all(workers.map((worker) => worker.close(true)));
      await server.close();
      await side.close();
    },
  };
}

const storeOf = (config: FinisherConfig): Store =>
  config.CALLSCOPE_RECORDING_STORE.startsWith('s3://')
    ? s3Store({ url: config.CALLSCOPE_RECORDING_STORE, endpoint: config.CALLSCOPE_S3_ENDPOINT })
    : folderStore(config.CALLSCOPE_RECORDING_STORE);

if (import.meta.main) await runService('finisher', (log) => startFinisher(readFinisherConfig(), log));
