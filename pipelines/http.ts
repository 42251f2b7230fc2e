/** How the pipelines are doing, for supervisors and Prometheus. */
import fastify, { type FastifyInstance } from 'fastify';
import type { FleetBook } from './fleet/FleetBook.ts';
import { fleetMetricsText, fleetStatus } from './fleet/shown.ts';
import type { PipelinesMetrics } from './metrics.ts';
import type { Queues } from './queues.ts';
import type { Store } from './store/store.ts';

export function buildServer(parts: {
  readonly store: Store;
  readonly queues: Queues;
  readonly metrics: PipelinesMetrics;
  readonly book: FleetBook;
}): FastifyInstance {
  const server = fastify({ logger: false });
  server.get('/healthz', () => ({ status: 'ok' }));
  server.get('/readyz', async (_request, reply) => {
    const [store, queues] = await Promise.all([parts.store.notReady(), parts.queues.notReady()]);
    const reasons = [store, queues].filter((reason) => reason !== '');
    return reasons.length === 0
      ? { status: 'ready' }
      : reply.code(503).send({ status: 'not ready', reasons });
  });
  server.get('/metrics', async (_request, reply) => {
    // Without Redis the rest is shown all the same; an autoscaler that finds no figure changes nothing.
    const fleet = await parts.book.states().then(fleetMetricsText, () => '');
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(parts.metrics.text() + fleet);
  });
  server.get<{ Querystring: { region?: string } }>('/api/v1/turn-fleet', async (request, reply) => {
    const region = request.query.region ?? '';
    const state = (await parts.book.states().catch(() => undefined))?.get(region);
    const status = state && fleetStatus(region, state, Date.now());
    // No figure rather than an old one: KEDA and HPA then leave the fleet as it is.
    return (
      status ?? reply.code(503).send({ code: 'unknown', message: 'Nothing is known of this fleet now.' })
    );
  });
  return server;
}
