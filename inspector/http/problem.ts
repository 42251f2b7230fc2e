/** Every fault as `application/problem+json` (RFC 9457), with a code that does not change. */
import type { FastifyInstance } from 'fastify';
import type { Problem } from '../contract.ts';
import { type ErrorCode, errorTable, InspectorError } from '../errors.ts';

export function problemOf(error: InspectorError): Problem {
  const { status, title, advice } = errorTable[error.code];
  const detail = `${error.message} ${advice}`.trim();
  return { type: `urn:callscope:${error.code}`, title, status, detail, code: error.code };
}

export function answerProblems(app: FastifyInstance, log: (error: Error) => void): void {
  app.setErrorHandler((thrown: Error & { statusCode?: number; validation?: unknown }, request, reply) => {
    const error = thrown instanceof InspectorError ? thrown : asInspectorError(thrown);
    if (errorTable[error.code].status >= 500) log(thrown);
    // What the store said is for the log: it names tables and hosts.
    const told = error.code === 'store_unavailable' ? new InspectorError(error.code, '') : error;
    const problem = problemOf(told);
    // What is left of a body that is not wanted would be taken for the next request.
    if (!request.raw.complete) void reply.header('connection', 'close');
    void reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  });
  app.setNotFoundHandler((request) => {
    throw new InspectorError('not_found', `Nothing is at ${request.method} ${request.url.slice(0, 200)}.`);
  });
}

/** Fastify's own refusals are the asker's fault, the rest is ours. */
function asInspectorError(error: Error & { statusCode?: number }): InspectorError {
  const status = error.statusCode ?? 500;
  const code: ErrorCode =
    status === 429
      ? 'rate_limited'
      : status === 413
        ? 'recording_too_large'
        : status < 500
          ? 'malformed'
          : 'internal';
  const detail = code === 'internal' ? '' : `${error.message.slice(0, 300)}.`;
  return new InspectorError(code, detail, { cause: error });
}
