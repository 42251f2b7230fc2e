/** Sessions, keys and the audit log. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Actor, mustMay } from '../access/actor.ts';
import { byProvider } from '../access/oidc.ts';
import { cookieName, sessionSeconds } from '../access/sessions.ts';
import type { Role, SessionAnswer, SignedOut } from '../contract.ts';
import { InspectorError } from '../errors.ts';
import type { ServerParts } from './server.ts';

/** Guessing links or keys is not to be quick. */
const signInLimit = { rateLimit: { max: 30, timeWindow: 60_000 } };

export function actorIn(request: FastifyRequest): Actor {
  if (!request.actor)
    throw new InspectorError('not_signed_in', 'There is neither a session nor a key that holds.');
  return request.actor;
}

export const accessRoutes =
  ({ sessions, keys, audit, oidc, tls }: ServerParts) =>
  async (api: FastifyInstance): Promise<void> => {
    api.get(
      '/session',
      {
        schema: {
          summary: 'Who am I',
          tags: ['access'],
          response: { 200: { description: 'SessionAnswer' } },
        },
      },
      (request): SessionAnswer => answerOf(actorIn(request)),
    );

    api.post<{ Body: { link: string } }>(
      '/session',
      {
        config: signInLimit,
        schema: {
          summary: 'Sign in with a one-time link',
          tags: ['access'],
          security: [],
          body: {
            type: 'object',
            required: ['link'],
            additionalProperties: false,
            properties: { link: { type: 'string', minLength: 1, maxLength: 2000 } },
          },
        },
      },
      async (request, reply): Promise<SessionAnswer> => {
        const { cookie, actor } = await sessions.begin(request.body.link);
        reply.setCookie(cookieName, cookie, {
          httpOnly: true,
          sameSite: 'strict',
          secure: tls !== undefined,
          path: '/',
          maxAge: sessionSeconds,
        });
        reply.header('cache-control', 'no-store');
        return answerOf(actor);
      },
    );

    api.delete(
      '/session',
      { schema: { summary: 'Sign out; tells where to do so at the provider, too', tags: ['access'] } },
      async ({ actor }, reply): Promise<SignedOut> => {
        if (actor) await audit.record(actor, 'sign_out', '');
        reply.clearCookie(cookieName, { path: '/' });
        return { endSessionUrl: actor && byProvider(actor) && oidc ? await oidc.end() : null };
      },
    );

    api.get('/keys', { schema: { summary: 'Keys of this tenant', tags: ['access'] } }, async (request) => {
      const actor = actorIn(request);
      mustMay(actor, 'keys');
      return { keys: await keys.list(actor.tenantId) };
    });

    api.post<{ Body: { name: string; role: Role } }>(
      '/keys',
      {
        schema: {
          summary: 'Make a key; its token is told once',
          tags: ['access'],
          body: {
            type: 'object',
            required: ['name', 'role'],
            additionalProperties: false,
            properties: {
              name: { type: 'string', minLength: 1, maxLength: 80, examples: ['ticket system'] },
              role: { enum: ['support', 'admin'] },
            },
          },
        },
      },
      async (request, reply) => {
        const actor = actorIn(request);
        mustMay(actor, 'keys');
        const made = await keys.make(actor, request.body.name, request.body.role);
        await audit.record(actor, 'make_key', made.keyId, made.name);
        reply.header('cache-control', 'no-store');
        return reply.code(201).send(made);
      },
    );

    api.delete<{ Params: { id: string } }>(
      '/keys/:id',
      { schema: { summary: 'Revoke a key', tags: ['access'] } },
      async (request, reply) => {
        const actor = actorIn(request);
        mustMay(actor, 'keys');
        await keys.revoke(actor, request.params.id);
        await audit.record(actor, 'revoke_key', request.params.id);
        return reply.code(204).send();
      },
    );

    api.get<{ Querystring: { cursor?: string } }>(
      '/audit',
      {
        schema: {
          summary: 'Who did what, newest first',
          tags: ['access'],
          querystring: {
            type: 'object',
            properties: { cursor: { type: 'string', pattern: '^\\d{1,9}$' } },
          },
        },
      },
      async (request) => {
        const actor = actorIn(request);
        mustMay(actor, 'audit');
        const offset = Number(request.query.cursor ?? 0);
        const entries = await audit.read(actor.tenantId, offset, 101);
        return { entries: entries.slice(0, 100), next: entries.length > 100 ? String(offset + 100) : null };
      },
    );
  };

const answerOf = ({ tenantId, name, role, expiresAt }: Actor): SessionAnswer => ({
  tenantId,
  actor: name,
  role,
  expiresAt,
});
