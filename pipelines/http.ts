/** How the pipelines are doing, for supervisors and Prometheus. */
import fastify, { type FastifyInstance } from 'fastify';
import type { PipelinesMetrics } from './metrics.ts';
import type { Queues } from './queues.ts';
import type { Store } from './store/store.ts';

export function buildServer(parts: {
  readonly store: Store;
  readonly queues: Queues;
  readonly metrics: PipelinesMetrics;
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
  server.get('/metrics', (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(parts.metrics.text()),
  );
  return server;
}
