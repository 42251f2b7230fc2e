/** A request that node:http has read. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { httpSender } from '../enrich/sender.ts';
import type { Signal } from '../otlp/answer.ts';
import { readBody } from './body.ts';
import { type Posted, signals } from './posted.ts';

const signalsByPath = new Map<string, Signal>(signals.map((signal) => [`/v1/${signal}`, signal]));

/**
 * @param closing kept connections are told to go elsewhere
 * @returns undefined where the request is none of the receiver's
 */
export function nodeRequest(
  request: IncomingMessage,
  response: ServerResponse,
  closing: () => boolean,
): Posted | undefined {
  const { method, url = '' } = request;
  const signal = signalsByPath.get(url) ?? signalsByPath.get(url.split('?', 1)[0]!);
  if (!signal || (method !== 'POST' && method !== 'OPTIONS')) return undefined;
  return {
    signal,
    method,
    sender: httpSender(request),
    body: () => readBody(request),
    answer(status, headers, body) {
      if (response.headersSent) return;
      response.writeHead(status, {
        ...headers,
        ...(status !== 204 && { 'content-length': body.length }),
        ...(closing() && { connection: 'close' }),
      });
      response.end(body);
    },
  };
}
