/** HTTP of the node: the meeting page, admission, and whether the node lives and is ready. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fastifyStatic from '@fastify/static';
import fastify, { type FastifyInstance } from 'fastify';
import type { NodeAnswer } from '../../telemetry/signaling.ts';
import type { SfuConfig } from '../config.ts';
import { errorTable, SfuError } from '../errors.ts';
import type { Nodes } from '../nodes/Nodes.ts';
import { type Seats, seatPath } from '../pipes/Seats.ts';
import { RateLimit } from '../RateLimit.ts';
import type { Rooms } from '../Rooms.ts';
import type { RecordingTaps } from '../recording/RecordingTaps.ts';
import { recordingRoutes } from '../recording/routes.ts';
import type { Relays } from '../relays/Relays.ts';
import { admit } from './admission.ts';
import { handOutIceServers } from './ice-servers.ts';
import { securityHeaders } from './securityHeaders.ts';

/** An invitation and a name; nothing larger is ever sent. */
const mostBodyBytes = 16 * 1024;
/** Joins from one address: an office behind one address joins a meeting together. */
const joinRate = { burst: 60, perSecond: 2 };
/** Questions whether a node lives: everybody who was on it asks, and again while nobody knows. */
const lookRate = { burst: 300, perSecond: 20 };
const mostAddresses = 10_000;

export interface HttpServerOptions {
  readonly config: SfuConfig;
  readonly rooms: Rooms;
  /** null: nothing can be recorded. */
  readonly taps: RecordingTaps | null;
  readonly relays: Relays;
  /** null: there is this node only. */
  readonly nodes: Nodes | null;
  readonly seats: Seats | null;
  /** TURN credentials were asked for without the right to. @param code of the refusal */
  readonly onCredentialsRefused: (code: string) => void;
  /** What the node still lacks; empty when it is ready. */
  readonly lacking: () => string[];
  readonly state: () => Record<string, unknown>;
}

/** Not listening yet: signaling is added to `server` first. */
export async function createHttpServer(options: HttpServerOptions): Promise<FastifyInstance> {
  const { config, rooms, taps, relays, nodes, seats, lacking, state } = options;
  const { tls } = config.http;
  const app: FastifyInstance = fastify({
    bodyLimit: mostBodyBytes,
    requestTimeout: 10_000,
    // An upgraded socket is not for fastify to wait for; signaling closes its own.
    forceCloseConnections: true,
    ...(tls && { https: { cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) } }),
  }) as FastifyInstance;
  const headers = securityHeaders({
    collectorUrl: config.clientCollectorUrl,
    entrances: config.entrances,
    tls: tls !== null,
  });
  const entrances = new Set(config.entrances);
  app.addHook('onSend', async (request, reply) => {
    reply.headers(headers);
    const { origin } = request.headers;
    if (origin && entrances.has(origin)) {
      reply.headers({ 'access-control-allow-origin': origin, vary: 'origin' });
    }
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const refusal = error instanceof SfuError ? error : asRefusal(error);
    reply.code(refusal.status).send({ code: refusal.code, message: refusal.message });
  });
  app.setNotFoundHandler(() => {
    throw new SfuError('not_found', 'There is nothing at this address.');
  });

  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', (_request, reply) => {
    const reasons = lacking();
    reply.code(reasons.length === 0 ? 200 : 503);
    return { ready: reasons.length === 0, reasons, ...state() };
  });

  const joins = new Map<string, RateLimit>();
  const looks = new Map<string, RateLimit>();
  // A page of one entrance asks at another.
  app.options('/api/v1/join', (_request, reply) =>
    reply
      .code(204)
      .headers({
        'access-control-allow-methods': 'POST',
        'access-control-allow-headers': 'content-type',
        'access-control-max-age': '600',
      })
      .send(),
  );
  app.post('/api/v1/join', async (request, reply) => {
    if (!allowed(joins, joinRate, request.ip, Date.now())) {
      throw new SfuError('rate_limited', 'Too many joins from this address.');
    }
    reply.header('cache-control', 'no-store');
    return admit(request.body, config, rooms, taps, relays, nodes, seats);
  });
  app.get('/api/v1/nodes/:id', async (request, reply): Promise<NodeAnswer> => {
    if (!allowed(looks, lookRate, request.ip, Date.now())) {
      throw new SfuError('rate_limited', 'Too many questions from this address.');
    }
    reply.header('cache-control', 'no-store');
    const { id } = request.params as { id: string };
    return { lives: nodes ? await nodes.lives(id) : id === config.nodeId };
  });
  app.post('/api/v1/ice-servers', async (request, reply) => {
    if (!allowed(joins, joinRate, request.ip, Date.now())) {
      throw new SfuError('rate_limited', 'Too many requests from this address.');
    }
    reply.header('cache-control', 'no-store');
    try {
      return await handOutIceServers(request.headers.authorization, config.tokenSecret, relays);
    } catch (error) {
      if (error instanceof SfuError) options.onCredentialsRefused(error.code);
      throw error;
    }
  });

  if (seats) {
    app.post(seatPath, (request) => seats.answer(request.headers.authorization, request.body));
  }
  if (taps && config.recording) recordingRoutes(app, { taps, rooms, secret: config.recording.secret });

  await servePage(app, config.pageDir);
  return app;
}

async function servePage(app: FastifyInstance, pageDir: string | null): Promise<void> {
  const root = pageDir === null ? null : resolve(pageDir);
  if (root && existsSync(join(root, 'index.html'))) {
    await app.register(fastifyStatic, {
      root,
      dotfiles: 'deny',
      index: 'index.html',
      cacheControl: false,
      // Scripts and styles carry a hash in their names; what names them must be asked for anew.
      setHeaders: (reply, path) => {
        const lasting = path.startsWith(join(root, 'assets'));
        reply.header('cache-control', lasting ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
    return;
  }
  const why = root ? `there is no index.html in ${root}` : 'CALLSCOPE_PAGE_DIR is not set';
  app.get('/', (_request, reply) => {
    reply.code(503).type('text/plain; charset=utf-8');
    return `This media node runs, but it has no meeting page to show: ${why}.\nBuild the page and set CALLSCOPE_PAGE_DIR to its folder.\n`;
  });
}

function allowed(
  rates: Map<string, RateLimit>,
  limit: typeof joinRate,
  address: string,
  nowMs: number,
): boolean {
  let rate = rates.get(address);
  if (!rate) {
    if (rates.size >= mostAddresses) {
      for (const [other, its] of rates) if (its.isFull(nowMs)) rates.delete(other);
      if (rates.size >= mostAddresses) return false;
    }
    rate = new RateLimit({ ...limit, nowMs });
    rates.set(address, rate);
  }
  return rate.take(nowMs);
}

/** fastify's own refusals (no JSON, too large, wrong type) are the client's fault; the rest is ours. */
function asRefusal(error: Error & { statusCode?: number }): SfuError {
  const status = error.statusCode ?? errorTable.internal.status;
  if (status === 403 || status === 404) return new SfuError('not_found', 'There is nothing at this address.');
  return status < 500
    ? new SfuError('malformed', `${error.message.slice(0, 200)}.`, { cause: error })
    : new SfuError('internal', 'The request failed.', { cause: error });
}
