/** Whether a node answers, seen from outside. */

import { request as plainRequest } from 'node:http';
import { Agent, request } from 'node:https';

const limitMs = 600;
/** Nodes of one machine have a certificate that they made themselves; the probe carries nothing and believes nothing but an answer. */
const agent = new Agent({ rejectUnauthorized: false });

/**
 * `gone`: nothing listens there any more, which is certain; `silent`: no answer in time, which may be the network's
 * fault.
 */
export type Health = 'alive' | 'silent' | 'gone';

/** @param origin `https://host:port` */
export function probe(origin: string): Promise<Health> {
  return new Promise((resolve) => {
    const url = new URL('/healthz', origin);
    const options = { timeout: limitMs, signal: AbortSignal.timeout(limitMs) };
    const asked =
      url.protocol === 'https:' ? request(url, { ...options, agent }) : plainRequest(url, options);
    asked.on('response', (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? 'alive' : 'silent');
    });
    asked.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' ? 'gone' : 'silent'),
    );
    asked.end();
  });
}
