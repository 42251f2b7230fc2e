/**
 * The OTLP/HTTP receiver: POST /v1/logs, /v1/traces and /v1/metrics, and the question before them.
 *
 * A request's life: authorised and rate-bounded; its body read and unpacked; decoded; brought to rows; written to the
 * spool. It is answered 200 only when it is on disk.
 */
import type { Logger } from '../../telemetry/service/service.ts';
import type { Enrich } from '../enrich/sender.ts';
import { CollectorError } from '../errors.ts';
import type { Intake } from '../intake.ts';
import { contentTypes, type Encoding, encodeResponse, encodeStatus } from '../otlp/answer.ts';
import { encodingOf, SenderGone } from './body.ts';
import { type Cors, preflightHeaders } from './cors.ts';
import type { Posted } from './posted.ts';

export interface ReceiverParts {
  readonly intake: Intake;
  readonly cors: Cors;
  /** Adds what is known of a participant beside what it says. */
  readonly enrich?: Enrich;
  readonly log: Logger;
}

export type Receive = (posted: Posted) => void;

const nothing = Buffer.alloc(0);

export function otlpReceiver({ intake, cors, enrich, log }: ReceiverParts): Receive {
  const originOf = ({ sender }: Posted) => sender.header('origin') || undefined;

  const answer = (
    posted: Posted,
    status: number,
    encoding: Encoding,
    body: Buffer,
    headers?: Record<string, string>,
  ): void =>
    posted.answer(
      status,
      { 'content-type': contentTypes[encoding], ...cors.headers(originOf(posted)), ...headers },
      body,
    );

  const take = async (posted: Posted): Promise<void> => {
    const { signal, sender } = posted;
    const admitted = await intake.admit(sender.header('authorization'), signal);
    const writer = enrich ? enrich(admitted, sender) : admitted;
    const encoding = encodingOf(sender.header('content-type'));
    const body = await posted.body();
    const contentEncoding = sender.header('content-encoding') || undefined;
    const accepted = await intake.take({ signal, encoding, contentEncoding, writer, body });
    intake.count(signal, '200');
    answer(posted, 200, encoding, encodeResponse(signal, accepted, encoding));
  };

  const refuse = (posted: Posted, thrown: unknown): void => {
    if (thrown instanceof SenderGone) return;
    const error = codedError(thrown, log);
    intake.refused(error);
    intake.count(posted.signal, String(error.status));
    const encoding = answerEncoding(posted.sender.header('content-type'));
    const body = encodeStatus(error.rpcCode, `${error.code}: ${error.message}`, encoding);
    answer(posted, error.status, encoding, body, {
      ...(error.retryAfterSeconds !== undefined && { 'retry-after': String(error.retryAfterSeconds) }),
      ...(error.code === 'unauthenticated' && { 'www-authenticate': 'Bearer' }),
    });
  };

  return (posted) => {
    if (posted.method === 'POST') {
      take(posted).catch((thrown: unknown) => refuse(posted, thrown));
      return;
    }
    const origin = originOf(posted);
    const allowed = cors.allows(origin);
    const headers = { ...cors.headers(origin), ...(allowed && preflightHeaders) };
    posted.answer(allowed ? 204 : 403, headers, nothing);
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
