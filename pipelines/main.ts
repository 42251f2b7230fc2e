/** The pipelines: scores, incidents and decisions, from ClickHouse to ClickHouse and to the SFUs. */

import { linkBasesOf, receiversOf } from '../alerts/settings.ts';
import { queueNames } from '../telemetry/queues.ts';
import { readConfig } from '../telemetry/service/config.ts';
import { runService } from '../telemetry/service/service.ts';
import { deliver, deliverKey } from './alerts/deliver.ts';
import { evaluate } from './alerts/evaluate.ts';
import { onceAtATime, timed } from './around-job.ts';
import { pipelinesConfig } from './config.ts';
import { detect, detectKey, detectorNames } from './detect.ts';
import { buildServer } from './http.ts';
import { Looks } from './looks.ts';
import { PipelinesMetrics } from './metrics.ts';
import { openWorker, Queues } from './queues.ts';
import { score, scoreKey } from './score.ts';
import { Store } from './store/store.ts';
import { handOutAlerts, startTicks } from './ticks.ts';
import { Watermarks } from './watermarks.ts';
import { detectEveryMs } from './worklist.ts';

await runService('pipelines', async (log) => {
  const config = readConfig(pipelinesConfig);
  const shards = config.CALLSCOPE_SHARDS;
  const queueSettings = {
    redisUrl: config.CALLSCOPE_REDIS_URL,
    prefix: config.CALLSCOPE_QUEUE_PREFIX,
    log,
  };
  const store = new Store(config.CALLSCOPE_CLICKHOUSE_URL);
  const patientStore = new Store(config.CALLSCOPE_CLICKHOUSE_URL, 'patient');
  const queues = new Queues(queueSettings);
  const metrics = new PipelinesMetrics();
  if (config.CALLSCOPE_COLLECTOR_URL && config.CALLSCOPE_SERVER_KEY) {
    metrics.exportTo(config.CALLSCOPE_COLLECTOR_URL, config.CALLSCOPE_SERVER_KEY);
  }
  const parts = { store, queues, metrics, shards, log, now: Date.now };
  const detecting = {
    ...parts,
    watermarks: new Watermarks(store, shards),
    looks: new Looks(detectEveryMs / 2),
    loopMode: config.CALLSCOPE_LOOP_MODE,
  };
  const alerting = {
    ...parts,
    store: patientStore,
    receivers: receiversOf(config),
    bases: linkBasesOf(config),
  };
  const workers = [
    openWorker(
      queueNames.detect,
      timed(
        metrics,
        queueNames.detect,
        onceAtATime(detectKey, (job) => detect(job, detecting)),
      ),
      { ...queueSettings, concurrency: shards },
    ),
    openWorker(
      queueNames.score,
      timed(
        metrics,
        queueNames.score,
        onceAtATime(scoreKey, (job) => score(job, { ...parts, store: patientStore })),
      ),
      { ...queueSettings, concurrency: 2 },
    ),
    openWorker(
      queueNames.evaluate,
      timed(
        metrics,
        queueNames.evaluate,
        onceAtATime(
          () => 'evaluate',
          async () => {
            await evaluate(alerting);
            await handOutAlerts(parts);
          },
        ),
      ),
      { ...queueSettings, concurrency: 1 },
    ),
    openWorker(
      queueNames.deliver,
      timed(
        metrics,
        queueNames.deliver,
        onceAtATime(deliverKey, (job) => deliver(job, alerting)),
      ),
      { ...queueSettings, concurrency: 4 },
    ),
  ];
  const server = buildServer({ store, queues, metrics });
  const address = await server.listen({
    host: config.CALLSCOPE_PIPELINES_HOST,
    port: config.CALLSCOPE_PIPELINES_PORT,
  });
  const ticks = startTicks(parts);
  return {
    info: {
      address,
      shards,
      alertReceivers: alerting.receivers.map(({ name }) => name),
      loopMode: config.CALLSCOPE_LOOP_MODE,
      detectors: detectorNames,
    },
    async stop() {
      await ticks.stop();
      await Promise.all(workers.map((worker) => worker.close()));
      await Promise.all([queues.close(), server.close(), metrics.close()]);
      await Promise.all([store.close(), patientStore.close()]);
    },
  };
});
