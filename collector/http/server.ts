/** The collector's HTTP server: the receiver, and what those who run it ask (/healthz, /readyz, /metrics). */
import Fastify, { type FastifyInstance } from 'fastify';
import { addReceiver, type ReceiverParts } from './receiver.ts';

/** A client that sends slower than this is cut off. */
const requestTimeoutMs = 30_000;

export function buildServer(parts: ReceiverParts): FastifyInstance {
  const app = Fastify({
    logger: false,
    requestTimeout: requestTimeoutMs,
    // Browsers keep a connection between their flushes; load balancers close idle ones at 60 s.
    keepAliveTimeout: 65_000,
    // While draining, new requests on kept connections are told to go elsewhere, in our words.
    return503OnClosing: false,
  });
  // Idle connections are closed at once on stop; those still at work must not go idle again for a minute.
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  app.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close');
  });
  addReceiver(app, parts);
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const reason = parts.notReady() ?? parts.store.failure;
    const { behind } = parts.store;
    // ClickHouse away is no reason to send elsewhere: the spool takes it.
    if (reason === undefined) return { status: 'ready', ...(behind && { behind }) };
    return reply.code(503).send({ status: 'not ready', reason });
  });
  app.get('/metrics', async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(parts.metrics.render()),
  );
  return app;
}
