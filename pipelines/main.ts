/** The pipelines: scores, incidents and decisions, from ClickHouse to ClickHouse and to the SFUs. */

import { linkBasesOf, receiversOf } from '../alerts/settings.ts';
import { queueNames } from '../telemetry/queues.ts';
import { ConfigError, readConfig } from '../telemetry/service/config.ts';
import { runService } from '../telemetry/service/service.ts';
import { deliver, deliverKey } from './alerts/deliver.ts';
import { evaluate } from './alerts/evaluate.ts';
import { onceAtATime, timed } from './around-job.ts';
import { pipelinesConfig } from './config.ts';
import { detect, detectKey, detectorNames } from './detect.ts';
import { FleetBook } from './fleet/FleetBook.ts';
import { scale } from './fleet/scale.ts';
import { fleetDriverOf, fleetFault, fleetPolicyOf } from './fleet/settings.ts';
import { tellWebhook } from './fleet/webhook.ts';
import { buildServer } from './http.ts';
import { Looks } from './looks.ts';
import { PipelinesMetrics } from './metrics.ts';
import { openWorker, Queues } from './queues.ts';
import { score, scoreKey } from './score.ts';
import { Store } from './store/store.ts';
import { handOutAlerts, startTicks } from './ticks.ts';
import { Watermarks } from './watermarks.ts';
import { tellHook, webhookKey } from './webhooks/tell.ts';
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
  const fault = fleetFault(config);
  if (fault) throw new ConfigError(fault);
  const driver = fleetDriverOf(config);
  const policy = fleetPolicyOf(config);
  const book = new FleetBook(config.CALLSCOPE_REDIS_URL);
  const scaleEveryMs = driver && policy.lookMs;
  const tokenSecret = config.CALLSCOPE_TOKEN_SECRET;
  const webhooks = tokenSecret ? { pageBase: config.CALLSCOPE_INSPECTOR_URL ?? '' } : undefined;
  const parts = { store, queues, metrics, shards, log, now: Date.now, scaleEveryMs, webhooks };
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
  if (tokenSecret) {
    const telling = {
      ...parts,
      store: patientStore,
      tokenSecret,
      allowPrivate: config.CALLSCOPE_WEBHOOK_PRIVATE === 'on',
    };
    workers.push(
      openWorker(
        queueNames.webhook,
        timed(
          metrics,
          queueNames.webhook,
          onceAtATime(webhookKey, (job) => tellHook(job, telling)),
        ),
        { ...queueSettings, concurrency: 4 },
      ),
    );
  }
  if (driver) {
    const scaling = { ...parts, store: patientStore, book, driver, region: config.CALLSCOPE_REGION, policy };
    workers.push(
      openWorker(
        queueNames.scale,
        timed(
          metrics,
          queueNames.scale,
          onceAtATime(
            () => 'scale',
            () => scale(scaling),
          ),
        ),
        { ...queueSettings, concurrency: 1 },
      ),
    );
  }
  if (driver?.kind === 'webhook') {
    const telling = { ...driver, log, now: Date.now };
    workers.push(
      openWorker(
        queueNames.fleetWebhook,
        timed(metrics, queueNames.fleetWebhook, (job) => tellWebhook(job, telling)),
        { ...queueSettings, concurrency: 1 },
      ),
    );
  }
  const server = buildServer({ store, queues, metrics, book });
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
      fleetDriver: config.CALLSCOPE_FLEET_DRIVER,
      detectors: detectorNames,
    },
    async stop() {
      await ticks.stop();
      await Promise.all(workers.map((worker) => worker.close()));
      await Promise.all([queues.close(), server.close(), metrics.close()]);
      book.close();
      await Promise.all([store.close(), patientStore.close()]);
    },
  };
});
