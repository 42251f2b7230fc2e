/**
 * The OTLP/HTTP receiver: POST /v1/logs, /v1/traces and /v1/metrics.
 *
 * A request's life: authorised and rate-bounded before its body is read; unpacked; decoded; brought to rows;
 * written to the spool. It is answered 200 only when it is on disk.
 *
 * These three stand on node:http itself. Small requests are most of what clients send, and a framework's routing,
 * hooks and replies cost each of them as much as reading its records does.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../../telemetry/service/service.ts';
import { type Enrich, httpSender } from '../enrich/sender.ts';
import { CollectorError } from '../errors.ts';
import type { Intake } from '../intake.ts';
import { contentTypes, type Encoding, encodeResponse, encodeStatus, type Signal } from '../otlp/answer.ts';
import { encodingOf, readBody, SenderGone } from './body.ts';
import type { Cors } from './cors.ts';

export interface ReceiverParts {
  readonly intake: Intake;
  readonly cors: Cors;
  /** Adds what is known of a participant beside what it says. */
  readonly enrich?: Enrich;
  readonly log: Logger;
  /** Kept connections are told to go elsewhere. */
  readonly closing: () => boolean;
}

export const signals = ['logs', 'traces', 'metrics'] as const satisfies readonly Signal[];

const signalsByPath = new Map<string, Signal>(signals.map((signal) => [`/v1/${signal}`, signal]));

/** The signal that is posted; undefined where the request is none of the receiver's. */
export function postedSignal({ method, url = '' }: IncomingMessage): Signal | undefined {
  if (method !== 'POST') return undefined;
  return signalsByPath.get(url) ?? signalsByPath.get(url.split('?', 1)[0]!);
}

export type Receive = (signal: Signal, request: IncomingMessage, response: ServerResponse) => void;

export function otlpReceiver(parts: ReceiverParts): Receive {
  const { intake, log } = parts;

  const answer = (
    request: IncomingMessage,
    response: ServerResponse,
    status: number,
    encoding: Encoding,
    body: Buffer,
    headers: Record<string, string>,
  ): void => {
    response.writeHead(status, {
      'content-type': contentTypes[encoding],
      'content-length': body.length,
      ...parts.cors.headers(request.headers.origin),
      ...headers,
      ...(parts.closing() && { connection: 'close' }),
    });
    if (body.length === 0) response.end();
    else response.end(body);
  };

  const take = async (signal: Signal, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { headers } = request;
    const admitted = await intake.admit(headers.authorization, signal);
    const writer = parts.enrich ? parts.enrich(admitted, httpSender(request)) : admitted;
    const encoding = encodingOf(headers['content-type']);
    const body = await readBody(request);
    const contentEncoding = headers['content-encoding'];
    const accepted = await intake.take({ signal, encoding, contentEncoding, writer, body });
    intake.count(signal, '200');
    answer(request, response, 200, encoding, encodeResponse(signal, accepted, encoding), {});
  };

  return (signal, request, response) => {
    take(signal, request, response).catch((thrown: unknown) => {
      if (thrown instanceof SenderGone || response.headersSent) return;
      const error = codedError(thrown, log);
      intake.refused(error);
      intake.count(signal, String(error.status));
      const encoding = answerEncoding(request.headers['content-type']);
      const body = encodeStatus(error.rpcCode, `${error.code}: ${error.message}`, encoding);
      answer(request, response, error.status, encoding, body, {
        ...(error.retryAfterSeconds !== undefined && { 'retry-after': String(error.retryAfterSeconds) }),
        ...(error.code === 'unauthenticated' && { 'www-authenticate': 'Bearer' }),
      });
    });
  };
}

/** Answers speak the request's encoding; JSON where that is unknown. */
export function answerEncoding(contentType: string | undefined): Encoding {
  try {
    return encodingOf(contentType);
  } catch {
    return 'json';
  }
}

export function codedError(thrown: unknown, log: Logger): CollectorError {
  if (thrown instanceof CollectorError) return thrown;
  log.error({ err: thrown }, 'request failed');
  return new CollectorError('internal', 'the request could not be handled');
}
