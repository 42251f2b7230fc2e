/** Judging a recording: the answer is the page that a stored call has; nothing is stored. */
import type { FastifyInstance } from 'fastify';
import { actorIn } from './access-routes.ts';
import type { ServerParts } from './server.ts';

export const judgeRoute =
  ({ imports, audit, maxImportBytes }: ServerParts) =>
  async (api: FastifyInstance): Promise<void> => {
    // The body goes to disk as it comes; nothing may hold it in memory.
    api.removeAllContentTypeParsers();
    api.addContentTypeParser('*', (_request, _payload, done) => done(null));

    api.post(
      '/judge',
      {
        bodyLimit: Number.MAX_SAFE_INTEGER,
        config: { rateLimit: { max: 60, timeWindow: 60_000 } },
        schema: {
          summary: 'Judge a webrtc-internals dump, an rtcstats dump or an export of ours (plain or gzip)',
          description:
            'The answer is that of `GET /calls/{id}`; its id may be used for half an hour with /series and /events. Nothing is stored.',
          tags: ['recordings'],
        },
      },
      async (request, reply) => {
        const actor = actorIn(request);
        await audit.record(actor, 'judge_recording', '');
        reply.header('cache-control', 'no-store');
        return imports.take(actor.tenantId, request.raw, maxImportBytes);
      },
    );
  };
