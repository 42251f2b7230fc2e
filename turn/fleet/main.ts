/** The relays of this machine as one service: takes the scaler's orders from its queue. See LocalFleet.ts. */
import path from 'node:path';
import { Worker } from 'bullmq';
import fastify from 'fastify';
import { metrics } from '../../telemetry/events.ts';
import { queueNames, queuePrefix } from '../../telemetry/queues.ts';
import { readConfig } from '../../telemetry/service/config.ts';
import { freePorts } from '../../telemetry/service/ports.ts';
import { runService } from '../../telemetry/service/service.ts';
import { fleetConfig, relaySettings } from '../config.ts';
import { turnMeters } from '../relay/metrics.ts';
import { LocalFleet } from './LocalFleet.ts';

await runService('turn-fleet', async (log) => {
  const config = readConfig(fleetConfig);
  const settings = relaySettings(config);
  const meters = settings.collector && turnMeters(settings.collector, 'fleet');
  const refused = meters?.getMeter('callscope-turn').createCounter(metrics.turnOrdersRefused);
  const freePort = freePorts(settings.host);
  const fleet = new LocalFleet({
    settings,
    dataDir: path.resolve(config.CALLSCOPE_TURN_DATA_DIR),
    firstPort: config.CALLSCOPE_TURN_PORT || (await freePort()),
    freePort,
    ...(settings.region && { idPrefix: `${settings.region.replace(/[^A-Za-z0-9]/g, '-')}-relay-` }),
    log,
    onRefused: (reason) => refused?.add(1, { reason }),
  });
  const server = fastify({ logger: false });
  server.get('/healthz', () => ({ status: 'ok' }));
  server.get('/readyz', (_request, reply) => {
    const relays = fleet.relays.map((relay) => ({ ...relay.heartbeat(), pid: relay.pid ?? null }));
    return reply.code(relays.some(({ healthy }) => healthy) ? 200 : 503).send({ relays });
  });
  let worker: Worker | undefined;
  const stop = async () => {
    await Promise.all([worker?.close(true), server.close()]);
    await fleet.stop();
    await meters?.shutdown().catch(() => {});
  };
  try {
    await fleet.start(config.CALLSCOPE_TURN_RELAYS);
    worker = new Worker(
      queueNames.fleetOrders(settings.region),
      async (job) => fleet.take(job.data, Date.now()),
      {
        connection: { url: config.CALLSCOPE_REDIS_URL, maxRetriesPerRequest: null },
        prefix: config.CALLSCOPE_QUEUE_PREFIX ?? queuePrefix,
        // One order after the other: the second was made in view of the first.
        concurrency: 1,
        removeOnComplete: { count: 200 },
        removeOnFail: { count: 200 },
      },
    );
    worker.on('error', () => {});
    worker.on('failed', (job, error) => log.error({ jobId: job?.id, err: error }, 'order failed'));
    const address = await server.listen({ host: '127.0.0.1', port: config.CALLSCOPE_TURN_FLEET_PORT });
    const relays = fleet.relays.map(({ relayId, urls }) => ({ relayId, urls }));
    return { info: { address, region: settings.region, relays }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
});
