/** The inspector's HTTP: who asks is found out first, then the API, then the page. */
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import fastifyCookie from '@fastify/cookie';
import fastifyRateLimit from '@fastify/rate-limit';
import fastifyStatic from '@fastify/static';
import fastifySwagger from '@fastify/swagger';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Logger } from '../../telemetry/service/service.ts';
import type { Actor } from '../access/actor.ts';
import type { Audit } from '../access/audit.ts';
import type { Keys } from '../access/keys.ts';
import type { NamePolicy } from '../access/names.ts';
import { callbackPath, type Oidc } from '../access/oidc.ts';
import { cookieName, type Sessions } from '../access/sessions.ts';
import type { Webhooks } from '../access/webhooks.ts';
import { InspectorError } from '../errors.ts';
import type { Imports } from '../imports/imports.ts';
import type { Store } from '../store/store.ts';
import { accessRoutes } from './access-routes.ts';
import { callRoutes } from './call-routes.ts';
import { judgeRoute } from './judge-route.ts';
import { oidcRoutes } from './oidc-routes.ts';
import { answerProblems } from './problem.ts';
import { securityHeaders } from './security-headers.ts';
import { webhookRoutes } from './webhook-routes.ts';

export interface ServerParts {
  readonly store: Store;
  readonly audit: Audit;
  readonly keys: Keys;
  readonly sessions: Sessions;
  readonly webhooks: Webhooks;
  /** Undefined: no provider is set. */
  readonly oidc: Oidc | undefined;
  readonly imports: Imports;
  /** Who may see what people call themselves. */
  readonly names: NamePolicy;
  readonly log: Logger;
  readonly now: () => number;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly pageDir: string | undefined;
  readonly maxImportBytes: number;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set for every request under /api/v1 but those that begin a session or describe the API. */
    actor: Actor | undefined;
  }
}

/** A page that is zoomed through asks some ten times a second; a program, less. */
const requestsPerMinute = 1_200;

const open = new Set([
  '/api/v1/openapi.json',
  '/api/v1/session',
  '/api/v1/session/ways',
  '/api/v1/session/oidc',
  callbackPath,
]);

export async function buildServer(parts: ServerParts): Promise<FastifyInstance> {
  const { tls, log } = parts;
  const app = fastify({
    bodyLimit: 64 * 1024,
    requestTimeout: 300_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 300 },
    ...(tls && { https: { cert: readFileSync(tls.cert), key: readFileSync(tls.key) } }),
  }) as FastifyInstance;
  // Answers are our own types: nothing to be filtered on the way out.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  answerProblems(app, (error) => log.error({ err: error }, 'request failed'));
  const headers = securityHeaders(tls !== undefined);
  app.addHook('onSend', async (_request, reply) => {
    reply.headers(headers);
  });

  app.get('/healthz', { schema: { hide: true } }, () => ({ status: 'ok' }));
  app.get('/readyz', { schema: { hide: true } }, async (_request, reply) => {
    const reason = await parts.store.notReady();
    return reason === ''
      ? { status: 'ready' }
      : reply.code(503).send({ status: 'not ready', reasons: [reason] });
  });

  await app.register(fastifyCookie);
  await app.register(fastifyRateLimit, {
    max: requestsPerMinute,
    timeWindow: 60_000,
    // A key, a session or an address: nobody uses up another's.
    keyGenerator: (request) => request.actor?.name ?? request.ip,
    hook: 'preHandler',
    allowList: (request) => !request.url.startsWith('/api/'),
  });
  await app.register(fastifySwagger, { openapi: openApi });

  app.decorateRequest('actor', undefined);
  app.addHook('onRequest', async (request) => {
    const path = request.url.split('?')[0]!;
    if (!path.startsWith('/api/')) return;
    request.actor = await actorOf(request, parts);
    if (request.actor?.by === 'cookie' || path === '/api/v1/session') refuseOtherSites(request);
    if (!request.actor && !open.has(path)) {
      throw new InspectorError('not_signed_in', 'There is neither a session nor a key that holds.');
    }
  });

  await app.register(
    async (api) => {
      await api.register(accessRoutes(parts));
      await api.register(oidcRoutes(parts));
      await api.register(callRoutes(parts));
      await api.register(judgeRoute(parts));
      await api.register(webhookRoutes(parts));
      api.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
    },
    { prefix: '/api/v1' },
  );
  await servePage(app, parts.pageDir);
  return app;
}

async function actorOf(request: FastifyRequest, { keys, sessions }: ServerParts): Promise<Actor | undefined> {
  const [, bearer] = /^Bearer (\S{1,200})$/i.exec(request.headers.authorization ?? '') ?? [];
  if (bearer) return keys.read(bearer);
  const cookie = request.cookies[cookieName];
  return cookie ? sessions.read(cookie) : undefined;
}

/** Browsers send the cookie on behalf of any site; what changes something must come from our own page. */
function refuseOtherSites(request: FastifyRequest): void {
  if (request.method === 'GET' || request.method === 'HEAD') return;
  const site = request.headers['sec-fetch-site'];
  const { origin } = request.headers;
  const own = origin === undefined || (URL.canParse(origin) && new URL(origin).host === request.headers.host);
  if ((site === undefined || site === 'same-origin') && own) return;
  throw new InspectorError('wrong_origin', `The request came from ${origin ?? 'elsewhere'}.`);
}

async function servePage(app: FastifyInstance, pageDir: string | undefined): Promise<void> {
  const root = pageDir === undefined ? undefined : resolve(pageDir);
  if (root && existsSync(join(root, 'index.html'))) {
    await app.register(fastifyStatic, {
      root,
      dotfiles: 'deny',
      index: false,
      cacheControl: false,
      preCompressed: true,
      // Scripts and styles carry a hash in their names; what names them must be asked for anew.
      setHeaders: (reply, path) => {
        const lasting = path.startsWith(join(root, 'assets'));
        reply.header('cache-control', lasting ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
    // Addresses of the page's own views: they are its business.
    for (const view of ['/', '/calls/:id', '/compare', '/keys', '/webhooks', '/audit']) {
      app.get(view, { schema: { hide: true } }, async (_request, reply) => {
        // Read anew: a new build of the page needs no restart.
        const index = await readFile(join(root, 'index.html'));
        return reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(index);
      });
    }
    return;
  }
  const why = root ? `there is no index.html in ${root}` : 'CALLSCOPE_INSPECTOR_PAGE_DIR is not set';
  app.get('/', { schema: { hide: true } }, (_request, reply) => {
    reply.code(503).type('text/plain; charset=utf-8');
    return `The inspector runs, but it has no page to show: ${why}.\nBuild it with node inspector/build.ts. The API is at /api/v1.\n`;
  });
}

const openApi = {
  openapi: '3.1.0',
  info: {
    title: 'Callscope inspector',
    version: '1',
    description:
      'Why was this call bad? Times are epoch milliseconds, units stand in the names, null means not known. Faults are ' +
      'application/problem+json with a stable `code`.',
  },
  components: {
    securitySchemes: {
      key: { type: 'http' as const, scheme: 'bearer', description: 'csk_…, made under /api/v1/keys' },
      session: { type: 'apiKey' as const, in: 'cookie' as const, name: cookieName },
    },
  },
  security: [{ key: [] }, { session: [] }] as Record<string, string[]>[],
};
