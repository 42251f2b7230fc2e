/** The collector's HTTP server: the receiver, and what pages ask before they send and those who run it ask at all. */
import http from 'node:http';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Enrich } from '../enrich/sender.ts';
import { CollectorError } from '../errors.ts';
import type { Intake, IntakeParts } from '../intake.ts';
import { contentTypes, encodeStatus } from '../otlp/answer.ts';
import type { Cors } from './cors.ts';
import { nodeRequest } from './node-request.ts';
import { PlainConnections } from './plain-connections.ts';
import { answerEncoding, otlpReceiver } from './receiver.ts';

export interface ServerParts extends IntakeParts {
  readonly intake: Intake;
  readonly cors: Cors;
  readonly enrich?: Enrich;
}

const timeouts = {
  /** A client that sends slower than this is cut off, ms. */
  requestTimeout: 30_000,
  /** Browsers keep a connection between their flushes; load balancers close idle ones at 60 s. */
  keepAliveTimeout: 65_000,
};

export function buildServer(parts: ServerParts): FastifyInstance {
  // Idle connections are closed at once on stop; those still at work must not go idle again for a minute.
  let closing = false;
  const receive = otlpReceiver(parts);
  const plain: PlainConnections[] = [];
  const app = Fastify({
    logger: false,
    // While draining, new requests on kept connections are told to go elsewhere, in our words.
    return503OnClosing: false,
    serverFactory: (handle) => {
      const server = http.createServer(timeouts, (request, response) => {
        const posted = nodeRequest(request, response, () => closing);
        if (posted) receive(posted);
        else handle(request, response);
      });
      plain.push(new PlainConnections(server, receive));
      return server;
    },
  });
  app.addHook('preClose', async () => {
    closing = true;
    for (const connections of plain) connections.close();
  });
  app.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close');
  });
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
