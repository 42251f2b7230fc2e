/** The collector's HTTP server: the receiver, and what pages ask before they send and those who run it ask at all. */
import http from 'node:http';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Enrich } from '../enrich/sender.ts';
import { CollectorError } from '../errors.ts';
import type { Intake, IntakeParts } from '../intake.ts';
import { contentTypes, encodeStatus } from '../otlp/answer.ts';
import { type Cors, preflightHeaders } from './cors.ts';
import { answerEncoding, otlpReceiver, postedSignal, signals } from './receiver.ts';

export interface ServerParts extends IntakeParts {
  readonly intake: Intake;
  readonly cors: Cors;
  readonly enrich?: Enrich;
}

const serverOptions: http.ServerOptions = {
  /** A client that sends slower than this is cut off, ms. */
  requestTimeout: 30_000,
  /** Browsers keep a connection between their flushes; load balancers close idle ones at 60 s. */
  keepAliveTimeout: 65_000,
};

export function buildServer(parts: ServerParts): FastifyInstance {
  // Idle connections are closed at once on stop; those still at work must not go idle again for a minute.
  let closing = false;
  const receive = otlpReceiver({ ...parts, closing: () => closing });
  const app = Fastify({
    logger: false,
    // While draining, new requests on kept connections are told to go elsewhere, in our words.
    return503OnClosing: false,
    serverFactory: (handle) =>
      http.createServer(serverOptions, (request, response) => {
        const signal = postedSignal(request);
        if (signal) receive(signal, request, response);
        else handle(request, response);
      }),
  });
  app.addHook('preClose', async () => {
    closing = true;
  });
  app.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close');
  });
  for (const signal of signals) {
    app.options(`/v1/${signal}`, async (request, reply) => {
      const { origin } = request.headers;
      reply.headers(parts.cors.headers(origin));
      if (!parts.cors.allows(origin)) return reply.code(403).send();
      return reply.headers(preflightHeaders).code(204).send();
    });
  }
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const reason = parts.notReady() ?? parts.store.failure;
    const { behind } = parts.store;
    // ClickHouse away is no reason to send elsewhere: the spool takes it.
    if (reason === undefined) return { status: 'ready', ...(behind && { behind }) };
    return reply.code(503).send({ status: 'not ready', reason });
  });
  app.get('/metrics', async (_request, reply) => {
    const { metrics, store } = parts;
    const { user, system } = process.cpuUsage();
    metrics.lagSeconds.value = store.lagMs(parts.now()) / 1_000;
    metrics.spoolBytes.value = store.spoolBytes;
    metrics.ready.value = (parts.notReady() ?? store.failure) === undefined ? 1 : 0;
    metrics.storeTakesRows.value = store.behind === undefined ? 1 : 0;
    metrics.residentBytes.value = process.memoryUsage.rss();
    metrics.cpuSeconds.value = (user + system) / 1e6;
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(metrics.render());
  });
  app.setNotFoundHandler((request, reply) => {
    const { status, rpcCode, code, message } = new CollectorError(
      'not_found',
      `${request.method} ${request.url.split('?', 1)[0]}`,
    );
    const encoding = answerEncoding(request.headers['content-type']);
    return reply
      .code(status)
      .type(contentTypes[encoding])
      .send(encodeStatus(rpcCode, `${code}: ${message}`, encoding));
  });
  return app;
}
