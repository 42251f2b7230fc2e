/** Signing in with OpenID Connect: the browser goes to the provider and comes back. */
import type { CookieSerializeOptions } from '@fastify/cookie';
import type { FastifyInstance } from 'fastify';
import { callbackPath, loginCookieName } from '../access/oidc.ts';
import { cookieName, sessionSeconds } from '../access/sessions.ts';
import { InspectorError } from '../errors.ts';
import type { ServerParts } from './server.ts';

const signInLimit = { rateLimit: { max: 30, timeWindow: 60_000 } };

export const oidcRoutes =
  ({ oidc, sessions, log, tls }: ServerParts) =>
  async (api: FastifyInstance): Promise<void> => {
    const cookie = (options: CookieSerializeOptions): CookieSerializeOptions => ({
      httpOnly: true,
      secure: tls !== undefined,
      ...options,
    });

    api.get(
      '/session/ways',
      { schema: { summary: 'How one may sign in', tags: ['access'], security: [] } },
      () => ({
        link: true,
        oidc: oidc !== undefined,
      }),
    );

    if (!oidc) return;

    api.get<{ Querystring: { to?: string } }>(
      '/session/oidc',
      {
        config: signInLimit,
        schema: {
          summary: 'Sign in with OpenID Connect: leads to the provider',
          tags: ['access'],
          security: [],
          querystring: { type: 'object', properties: { to: { type: 'string', maxLength: 600 } } },
        },
      },
      async (request, reply) => {
        const begun = await oidc.begin(request.query.to ?? '/');
        // Lax: the way back is a link from the provider's site.
        reply.setCookie(
          loginCookieName,
          begun.cookie,
          cookie({ sameSite: 'lax', path: callbackPath, maxAge: begun.seconds }),
        );
        return reply.header('cache-control', 'no-store').redirect(begun.url, 303);
      },
    );

    api.get(
      callbackPath.replace('/api/v1', ''),
      { config: signInLimit, schema: { hide: true } },
      async (request, reply) => {
        reply.clearCookie(loginCookieName, { path: callbackPath });
        reply.header('cache-control', 'no-store');
        try {
          const search = new URL(request.url, 'http://self').search;
          const { identity, to } = await oidc.finish(search, request.cookies[loginCookieName] ?? '');
          const begun = await sessions.admit(identity);
          reply.setCookie(
            cookieName,
            begun.cookie,
            cookie({ sameSite: 'strict', path: '/', maxAge: sessionSeconds }),
          );
          return reply.redirect(to, 303);
        } catch (error) {
          if (!(error instanceof InspectorError)) throw error;
          log.warn({ err: error }, 'sign-in by OpenID Connect failed');
          // A person waits there, not a program: the page says it.
          return reply.redirect(`/#sign-in-failed=${error.code}`, 303);
        }
      },
    );
  };
