/**
 * The OTLP/HTTP receiver: POST /v1/logs, /v1/traces and /v1/metrics.
 *
 * A request's life: authorised and rate-bounded before its body is read; unpacked; decoded; brought to rows;
 * written to the spool. It is answered 200 only when it is on disk.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../../telemetry/service/service.ts';
import { CollectorError } from '../errors.ts';
import type { Intake, IntakeParts } from '../intake.ts';
import { contentTypes, type Encoding, encodeResponse, encodeStatus, type Signal } from '../otlp/answer.ts';
import type { Writer } from '../rows/identity.ts';
import { encodingOf, maxBodyBytes } from './body.ts';
import { type Cors, preflightHeaders } from './cors.ts';

export interface ReceiverParts extends IntakeParts {
  readonly intake: Intake;
  readonly cors: Cors;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set once the request is authorised. */
    writer: Writer | undefined;
  }
}

const signals = ['logs', 'traces', 'metrics'] as const satisfies readonly Signal[];

export function addReceiver(app: FastifyInstance, parts: ReceiverParts): void {
  const { intake } = parts;
  app.decorateRequest('writer', undefined);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: maxBodyBytes }, (_request, body, done) =>
    done(null, body),
  );

  for (const signal of signals) {
    const admit = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      reply.headers(parts.cors.headers(request.headers.origin));
      const writer = await intake.admit(request.headers.authorization, signal);
      encodingOf(request.headers['content-type']);
      request.writer = writer;
    };
    app.options(`/v1/${signal}`, async (request, reply) => {
      const { origin } = request.headers;
      reply.headers(parts.cors.headers(origin));
      if (!parts.cors.allows(origin)) return reply.code(403).send();
      return reply.headers(preflightHeaders).code(204).send();
    });
    app.post(`/v1/${signal}`, { onRequest: admit }, async (request, reply) => {
      const encoding = encodingOf(request.headers['content-type']);
      const answer = await intake.take({
        signal,
        encoding,
        contentEncoding: request.headers['content-encoding'],
        writer: request.writer!,
        body: request.body instanceof Buffer ? request.body : Buffer.alloc(0),
      });
      return reply.type(contentTypes[encoding]).send(encodeResponse(signal, answer, encoding));
    });
  }

  app.addHook('onResponse', async (request, reply) => {
    const signal = signals.find((name) => request.url === `/v1/${name}`);
    if (signal) intake.count(signal, String(reply.statusCode));
  });
  app.setErrorHandler((thrown, request, reply) => {
    const error = codedError(thrown, parts.log);
    intake.refused(error);
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
