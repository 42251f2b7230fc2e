/** Webhooks: list, make, remove. */
import type { FastifyInstance } from 'fastify';
import { type WebhookEvent, webhookEvents, webhookUrlSchema } from '../../telemetry/webhooks.ts';
import { mustMay } from '../access/actor.ts';
import { InspectorError } from '../errors.ts';
import { actorIn } from './access-routes.ts';
import type { ServerParts } from './server.ts';

export const webhookRoutes =
  ({ webhooks, audit }: ServerParts) =>
  async (api: FastifyInstance): Promise<void> => {
    api.get(
      '/webhooks',
      { schema: { summary: 'Webhooks of this tenant, and how telling them goes', tags: ['webhooks'] } },
      async (request) => {
        const actor = actorIn(request);
        mustMay(actor, 'webhooks');
        return { webhooks: await webhooks.list(actor.tenantId) };
      },
    );

    api.post<{ Body: { url: string; events: WebhookEvent[] } }>(
      '/webhooks',
      {
        schema: {
          summary: 'Make a webhook; the secret that signs is told once',
          description:
            'Each message is a POST of JSON (`WebhookMessage` in telemetry/webhooks.ts) with `Callscope-Signature: t=SECONDS,v1=HEX`, ' +
            'the HMAC-SHA256 of `SECONDS.BODY`, and `Callscope-Notice`, which is the same when it is repeated. What is not ' +
            'answered with 2xx is sent again, ever more slowly, for a day.',
          tags: ['webhooks'],
          body: {
            type: 'object',
            required: ['url', 'events'],
            additionalProperties: false,
            properties: {
              url: { type: 'string', maxLength: 500, examples: ['https://tickets.example.org/callscope'] },
              events: {
                type: 'array',
                minItems: 1,
                uniqueItems: true,
                items: { enum: [...webhookEvents] },
              },
            },
          },
        },
      },
      async (request, reply) => {
        const actor = actorIn(request);
        mustMay(actor, 'webhooks');
        const url = webhookUrlSchema.safeParse(request.body.url);
        if (!url.success) throw new InspectorError('malformed', `url: ${url.error.issues[0]!.message}.`);
        const made = await webhooks.make(actor, url.data, request.body.events);
        await audit.record(actor, 'make_webhook', made.hookId, new URL(url.data).host);
        reply.header('cache-control', 'no-store');
        return reply.code(201).send(made);
      },
    );

    api.delete<{ Params: { id: string } }>(
      '/webhooks/:id',
      { schema: { summary: 'Remove a webhook', tags: ['webhooks'] } },
      async (request, reply) => {
        const actor = actorIn(request);
        mustMay(actor, 'webhooks');
        await webhooks.remove(actor, request.params.id);
        await audit.record(actor, 'remove_webhook', request.params.id);
        return reply.code(204).send();
      },
    );
  };
