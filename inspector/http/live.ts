/**
 * Following calls that go on, by server-sent events. One look into the store every two seconds per call, however many
 * watch it; watchers are told that something changed and read it themselves, so that nobody is sent what they do not see.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { callVersion } from '../calls/stored-call.ts';
import type { Store } from '../store/store.ts';

const everyMs = 2_000;
/** Proxies close what is silent. */
const heartbeatMs = 15_000;
const mostWatchers = 200;

interface Watched {
  readonly watchers: Set<ServerResponse>;
  version: string;
  timer: NodeJS.Timeout | undefined;
}

export interface LiveCalls {
  follow(
    tenantId: string,
    callId: string,
    request: IncomingMessage,
    response: ServerResponse,
    expiresAt: number,
  ): void;
  close(): void;
}

export function liveCalls(store: Store): LiveCalls {
  const watched = new Map<string, Watched>();
  let watchers = 0;

  async function look(key: string, call: Watched, tenantId: string, callId: string): Promise<void> {
    try {
      const version = await callVersion(store, tenantId, callId);
      if (version !== call.version) {
        const first = call.version === '';
        call.version = version;
        if (!first) for (const response of call.watchers) send(response, 'changed', { version });
      }
    } catch {
      // The store is away for a moment: the next look tells.
    }
    if (watched.get(key) === call) {
      call.timer = setTimeout(() => void look(key, call, tenantId, callId), everyMs).unref();
    }
  }

  return {
    follow(tenantId, callId, request, response, expiresAt) {
      if (watchers >= mostWatchers) {
        response
          .writeHead(429, { 'content-type': 'text/plain', 'retry-after': '30' })
          .end('too many watchers\n');
        return;
      }
      watchers++;
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
        'x-content-type-options': 'nosniff',
      });
      send(response, 'hello', {});
      const key = `${tenantId}\n${callId}`;
      let call = watched.get(key);
      if (!call) {
        call = { watchers: new Set(), version: '', timer: undefined };
        watched.set(key, call);
        void look(key, call, tenantId, callId);
      }
      call.watchers.add(response);
      const own = call;
      const beat = setInterval(() => {
        if (Date.now() > expiresAt) response.end();
        else response.write(': still here\n\n');
      }, heartbeatMs).unref();
      request.on('close', () => {
        watchers--;
        clearInterval(beat);
        own.watchers.delete(response);
        if (own.watchers.size > 0) return;
        clearTimeout(own.timer);
        watched.delete(key);
      });
    },
    close() {
      for (const { watchers: all, timer } of watched.values()) {
        clearTimeout(timer);
        for (const response of all) response.end();
      }
      watched.clear();
    },
  };
}

const send = (response: ServerResponse, event: string, data: object): void => {
  response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
};
