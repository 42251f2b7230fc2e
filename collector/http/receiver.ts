/**
 * The OTLP/HTTP receiver: POST /v1/logs, /v1/traces and /v1/metrics.
 *
 * A request's life: authorised and rate-bounded before its body is read; unpacked; decoded; brought to rows;
 * written to the spool. It is answered 200 only when it is on disk.
 */
import { hash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../../telemetry/service/service.ts';
import { CollectorError } from '../errors.ts';
import type { CollectorMetrics } from '../metrics.ts';
import { contentTypes, type Encoding, encodeResponse, encodeStatus, type Signal } from '../otlp/answer.ts';
import type { Writer } from '../rows/identity.ts';
import type { Store } from '../store/store.ts';
import type { Authorise } from './authorise.ts';
import { encodingOf, maxBodyBytes } from './body.ts';
import { type Cors, preflightHeaders } from './cors.ts';
import { RateLimit, recordRate, requestRate } from './rate.ts';

export interface ReceiverParts {
  readonly authorise: Authorise;
  readonly cors: Cors;
  readonly store: Store;
  readonly metrics: CollectorMetrics;
  readonly log: Logger;
  /** Why nothing can be taken now; undefined when all is well. */
  readonly notReady: () => string | undefined;
  /** Epoch ms. */
  readonly now: () => number;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set once the request is authorised. */
    writer: Writer | undefined;
  }
}

const signals = ['logs', 'traces', 'metrics'] as const satisfies readonly Signal[];

export function addReceiver(app: FastifyInstance, parts: ReceiverParts): void {
  const requests = new RateLimit(requestRate);
  const records = new RateLimit(recordRate);
  app.decorateRequest('writer', undefined);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: maxBodyBytes }, (_request, body, done) =>
    done(null, body),
  );

  for (const signal of signals) {
    const admit = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      reply.headers(parts.cors.headers(request.headers.origin));
      const writer = await parts.authorise(request.headers.authorization, signal);
      const key = participantKey(writer);
      if (key) requests.take(key, 1, parts.now());
      encodingOf(request.headers['content-type']);
      const reason = parts.notReady();
      if (reason) throw new CollectorError('not_ready', reason, { retryAfterSeconds: 2 });
      request.writer = writer;
    };
    app.options(`/v1/${signal}`, async (request, reply) => {
      const { origin } = request.headers;
      reply.headers(parts.cors.headers(origin));
      if (!parts.cors.allows(origin)) return reply.code(403).send();
      return reply.headers(preflightHeaders).code(204).send();
    });
    app.post(`/v1/${signal}`, { onRequest: admit }, async (request, reply) => {
      const writer = request.writer!;
      const encoding = encodingOf(request.headers['content-type']);
      const body = request.body instanceof Buffer ? request.body : Buffer.alloc(0);
      parts.metrics.bodyBytes.add(body.length, { signal });
      const key = participantKey(writer);
      const contentEncoding = request.headers['content-encoding'];
      const receivedAtMs = parts.now();
      const answer = await parts.store.accept({
        facts: { signal, encoding, writer, receivedAtMs, ...(contentEncoding && { contentEncoding }) },
        digest: digestOf(signal, key ?? 'server', body),
        body,
        ...(key && { admit: (count: number) => records.take(key, count, receivedAtMs) }),
      });
      parts.metrics.records.add(answer.rows, { signal });
      parts.metrics.refused.add(answer.rejected, { signal });
      return reply.type(contentTypes[encoding]).send(encodeResponse(signal, answer, encoding));
    });
  }

  app.addHook('onResponse', async (request, reply) => {
    const signal = signals.find((name) => request.url === `/v1/${name}`);
    if (signal) parts.metrics.requests.add(1, { signal, status: String(reply.statusCode) });
  });
  app.setErrorHandler((thrown, request, reply) => {
    const error = codedError(thrown, parts.log);
    parts.metrics.errors.add(1, { code: error.code });
    if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds));
    if (error.code === 'unauthenticated') reply.header('www-authenticate', 'Bearer');
    const encoding = answerEncoding(request.headers['content-type']);
    const answer = encodeStatus(error.rpcCode, `${error.code}: ${error.message}`, encoding);
    return reply.code(error.status).type(contentTypes[encoding]).send(answer);
  });
  app.setNotFoundHandler((request) => {
    throw new CollectorError('not_found', `${request.method} ${request.url.split('?', 1)[0]}`);
  });
}

/** Who is bounded; servers are not. Ids may hold anything, hence the separator that cannot stand in a header. */
function participantKey(writer: Writer): string | undefined {
  if (writer.kind === 'server') return undefined;
  const { tenantId, callId, participantId } = writer.claims;
  return [tenantId, callId, participantId].join('\n');
}

/** The same bytes from the same writer are the same telemetry, sent again. */
function digestOf(signal: Signal, writerKey: string, body: Buffer): Buffer {
  const content = hash('sha256', body, 'hex');
  return hash('sha256', `${signal}\n${writerKey}\n\n${content}`, 'buffer');
}

/** Answers speak the request's encoding; JSON where that is unknown. */
function answerEncoding(contentType: string | undefined): Encoding {
  try {
    return encodingOf(contentType);
  } catch {
    return 'json';
  }
}

function codedError(thrown: unknown, log: Logger): CollectorError {
  if (thrown instanceof CollectorError) return thrown;
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new CollectorError('body_too_large', `the body has more than ${maxBodyBytes} bytes`);
  }
  const status = thrown instanceof Error && 'statusCode' in thrown ? Number(thrown.statusCode) : 500;
  if (status >= 400 && status < 500) {
    return new CollectorError(
      'malformed',
      thrown instanceof Error ? thrown.message : 'a request that HTTP forbids',
    );
  }
  log.error({ err: thrown }, 'request failed');
  return new CollectorError('internal', 'the request could not be handled');
}
