/** Calls: find, open, look closer, follow live, export, erase. */
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { type Actor, mustMay } from '../access/actor.ts';
import { foundWithoutNames, maySeeNames, withoutNames } from '../access/names.ts';
import { callsOfParticipant, eraseCall, eraseParticipant } from '../calls/erase.ts';
import { exportCall } from '../calls/export.ts';
import { findCalls } from '../calls/find.ts';
import type { CallSource } from '../calls/source.ts';
import { storedCall } from '../calls/stored-call.ts';
import { type CallPage, type SampleKind, sampleKinds } from '../contract.ts';
import { InspectorError } from '../errors.ts';
import { importPrefix } from '../imports/imports.ts';
import { actorIn } from './access-routes.ts';
import { liveCalls } from './live.ts';
import { PageCache } from './page-cache.ts';
import type { ServerParts } from './server.ts';

interface CallParams {
  Params: { id: string };
}

interface SamplesQuery {
  participant: string;
  kind: SampleKind;
  from: number;
  to: number;
  cursor?: string;
  limit?: number;
}

const callParams = {
  type: 'object',
  required: ['id'],
  properties: {
    id: { type: 'string', minLength: 1, maxLength: 200, description: 'Call id, or that of a recording' },
  },
} as const;
interface ParticipantParams {
  Params: { participant: string };
}

const participantParams = (beside?: typeof callParams) => ({
  type: 'object',
  required: [...(beside?.required ?? []), 'participant'],
  properties: { ...beside?.properties, participant: { type: 'string', minLength: 1, maxLength: 200 } },
});

/** A participant who was not heard of for so long is in no call that goes on, ms. */
const longestSilenceMs = 3_600_000;

const cursor = { type: 'string', pattern: '^\\d{1,9}$', description: '`next` of the page before' } as const;

export const callRoutes =
  (parts: ServerParts) =>
  async (api: FastifyInstance): Promise<void> => {
    const { store, imports, audit, now, names } = parts;
    const pages = new PageCache(store, now);
    const live = liveCalls(store);
    api.addHook('onClose', async () => live.close());

    const sourceOf = (actor: Actor, callId: string): CallSource => {
      if (!callId.startsWith(importPrefix)) return storedCall(store, actor.tenantId, callId, now);
      const found = imports.find(actor.tenantId, callId);
      if (found) return found;
      throw new InspectorError('not_found', 'The recording is held no longer: drop the file again.');
    };

    api.get<{ Querystring: { q?: string; zone?: number; cursor?: string; limit?: number } }>(
      '/calls',
      {
        schema: {
          summary: 'Find calls, the worst first',
          tags: ['calls'],
          querystring: {
            type: 'object',
            properties: {
              q: {
                type: 'string',
                maxLength: 500,
                description:
                  'Anything: names, ids, rooms, devices, kinds of issue, `bad`, `good`, `live`, `today`, `yesterday`, `2026-11-25`, `10:02`, `2h`',
                examples: ['ana yesterday', 'freeze firefox 2h'],
              },
              zone: { type: 'integer', minimum: -900, maximum: 900, description: 'Minutes ahead of UTC' },
              cursor,
              limit: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
            },
          },
        },
      },
      async (request) => {
        const { q = '', zone = 0, cursor: offset = '0', limit = 50 } = request.query;
        const actor = actorIn(request);
        const byName = maySeeNames(names, actor);
        const asked = { typed: q, zoneMinutes: zone, offset: Number(offset), limit, byName };
        const found = await findCalls(store, actor.tenantId, asked, now());
        return byName ? found : { ...found, calls: found.calls.map(foundWithoutNames) };
      },
    );

    api.get<CallParams>(
      '/calls/:id',
      {
        schema: {
          summary: 'A call: verdict, people, who received whom how well, issues',
          tags: ['calls'],
          params: callParams,
        },
      },
      async (request): Promise<CallPage> => {
        const actor = actorIn(request);
        const { id } = request.params;
        if (id.startsWith(importPrefix)) return sourceOf(actor, id).page();
        const page = await stored(actor, id);
        await pages.onceOpened(actor, id, () => audit.record(actor, 'open_call', id));
        return page;
      },
    );

    const stored = async (actor: Actor, id: string): Promise<CallPage> => {
      const page = await pages.read(actor.tenantId, id);
      return maySeeNames(names, actor) ? page : withoutNames(page, page);
    };
    const part = async (actor: Actor, id: string): Promise<CallPage> =>
      id.startsWith(importPrefix) ? sourceOf(actor, id).page() : stored(actor, id);
    for (const [path, summary, of] of [
      ['participants', 'Who took part, with what', (page: CallPage) => ({ participants: page.people })],
      ['issues', 'What went wrong', (page: CallPage) => ({ issues: page.incidents })],
      ['decisions', 'What was done about it', (page: CallPage) => ({ decisions: page.decisions })],
      ['ratings', 'What the people said', (page: CallPage) => ({ ratings: page.ratings })],
      ['verdict', 'Why was it bad, in words', (page: CallPage) => page.verdict],
    ] as const) {
      api.get<CallParams>(
        `/calls/:id/${path}`,
        { schema: { summary, tags: ['calls'], params: callParams } },
        async (request) => of(await part(actorIn(request), request.params.id)),
      );
    }

    api.get<
      CallParams & {
        Querystring: { participant: string; sender?: string; from: number; to: number; points?: number };
      }
    >(
      '/calls/:id/series',
      {
        schema: {
          summary: 'All charts of one participant over a span, in as many steps as asked for',
          tags: ['calls'],
          params: callParams,
          querystring: {
            type: 'object',
            required: ['participant', 'from', 'to'],
            properties: {
              participant: { type: 'string', maxLength: 200 },
              sender: { type: 'string', maxLength: 200, description: 'Only what is received of this one' },
              from: { type: 'integer', minimum: 0, description: 'Epoch ms' },
              to: { type: 'integer', minimum: 0, description: 'Epoch ms' },
              points: { type: 'integer', minimum: 10, maximum: 2000, default: 400 },
            },
          },
        },
      },
      async (request) => {
        const { participant, sender = '', from, to, points = 400 } = request.query;
        if (to <= from || to - from > 7 * 86_400_000) {
          throw new InspectorError('malformed', '`to` must be after `from`, at most a week.');
        }
        const asked = { participantId: participant, senderId: sender, from, to, points };
        return sourceOf(actorIn(request), request.params.id).series(asked);
      },
    );

    api.get<CallParams & { Querystring: { participant?: string; cursor?: string; limit?: number } }>(
      '/calls/:id/events',
      {
        schema: {
          summary: 'Everything that happened, in order',
          tags: ['calls'],
          params: callParams,
          querystring: {
            type: 'object',
            properties: {
              participant: { type: 'string', maxLength: 200 },
              cursor,
              limit: { type: 'integer', minimum: 1, maximum: 1000, default: 200 },
            },
          },
        },
      },
      async (request) => {
        const { participant = '', cursor: offset = '0', limit = 200 } = request.query;
        const asked = { participantId: participant, offset: Number(offset), limit };
        const actor = actorIn(request);
        const { id } = request.params;
        const list = await sourceOf(actor, id).events(asked);
        const open = id.startsWith(importPrefix) || maySeeNames(names, actor);
        return open ? list : withoutNames(list, await pages.read(actor.tenantId, id));
      },
    );

    api.get<CallParams & { Querystring: SamplesQuery }>(
      '/calls/:id/samples',
      {
        schema: {
          summary: 'Raw samples of one participant and kind, in order of time',
          tags: ['calls'],
          params: callParams,
          querystring: {
            type: 'object',
            required: ['participant', 'kind', 'from', 'to'],
            properties: {
              participant: { type: 'string', maxLength: 200 },
              kind: { enum: [...sampleKinds] },
              from: { type: 'integer', minimum: 0, description: 'Epoch ms' },
              to: { type: 'integer', minimum: 0, description: 'Epoch ms' },
              cursor,
              limit: { type: 'integer', minimum: 1, maximum: 1000, default: 200 },
            },
          },
        },
      },
      async (request) => {
        const { participant, kind, from, to, cursor: offset = '0', limit = 200 } = request.query;
        const asked = { participantId: participant, kind, from, to, offset: Number(offset), limit };
        return sourceOf(actorIn(request), request.params.id).samples(asked);
      },
    );

    api.get<CallParams>(
      '/calls/:id/live',
      {
        schema: {
          summary: 'Server-sent events: `changed` whenever there is something new to read',
          tags: ['calls'],
          params: callParams,
        },
      },
      (request, reply) => {
        const actor = actorIn(request);
        reply.hijack();
        live.follow(actor.tenantId, request.params.id, request.raw, reply.raw, actor.expiresAt);
      },
    );

    api.get<CallParams>(
      '/calls/:id/export',
      {
        config: { rateLimit: { max: 30, timeWindow: 60_000 } },
        schema: {
          summary: 'The call as one file (JSON lines, gzip) that imports elsewhere',
          tags: ['calls'],
          params: callParams,
        },
      },
      async (request, reply) => {
        const actor = actorIn(request);
        const { id } = request.params;
        if (!maySeeNames(names, actor)) {
          throw new InspectorError('not_allowed', 'An export holds names, which your role may not see.');
        }
        const lines = exportCall(store, actor.tenantId, id, now());
        const first = await lines.next();
        await audit.record(actor, 'export_call', id);
        reply.header(
          'content-disposition',
          `attachment; filename="${id.replaceAll(/[^\w.-]/g, '_')}.jsonl.gz"`,
        );
        reply.header('cache-control', 'no-store').type('application/gzip');
        return reply.send(gzipped(first.value ?? '', lines));
      },
    );

    api.delete<CallParams>(
      '/calls/:id',
      {
        config: { rateLimit: { max: 30, timeWindow: 60_000 } },
        schema: { summary: 'Erase every row of a call that has ended', tags: ['calls'], params: callParams },
      },
      async (request) => {
        const actor = actorIn(request);
        mustMay(actor, 'erase');
        const { id } = request.params;
        const page = await storedCall(store, actor.tenantId, id, now).page();
        if (page.live) throw new InspectorError('call_live', 'It is still being written.');
        await audit.record(actor, 'erase_call', id);
        const erased = await eraseCall(store, actor.tenantId, id);
        pages.forget(actor.tenantId, id);
        return erased;
      },
    );

    const eraseOne = async (actor: Actor, participant: string, callId: string) => {
      mustMay(actor, 'erase');
      const calls = await callsOfParticipant(store, actor.tenantId, participant, callId);
      if (calls.length === 0) throw new InspectorError('not_found', 'There is no such participant here.');
      for (const { call_id, last_seen_at } of calls) {
        if (now() - last_seen_at > longestSilenceMs) continue;
        const page = await storedCall(store, actor.tenantId, call_id, now).page();
        if (page.live) throw new InspectorError('call_live', `The call ${call_id} is still being written.`);
      }
      await audit.record(actor, 'erase_participant', participant, callId);
      const erased = await eraseParticipant(store, actor.tenantId, participant, calls);
      for (const { call_id } of calls) pages.forget(actor.tenantId, call_id);
      return { ...erased, calls: calls.length };
    };

    api.delete<ParticipantParams & CallParams>(
      '/calls/:id/participants/:participant',
      {
        config: { rateLimit: { max: 30, timeWindow: 60_000 } },
        schema: {
          summary: 'Erase one participant of a call that has ended',
          tags: ['calls'],
          params: participantParams(callParams),
        },
      },
      (request) => eraseOne(actorIn(request), request.params.participant, request.params.id),
    );

    api.delete<ParticipantParams>(
      '/participants/:participant',
      {
        config: { rateLimit: { max: 30, timeWindow: 60_000 } },
        schema: {
          summary: 'Erase one participant out of all calls, which must have ended',
          tags: ['calls'],
          params: participantParams(),
        },
      },
      (request) => eraseOne(actorIn(request), request.params.participant, ''),
    );
  };

function gzipped(first: string, rest: AsyncGenerator<string>): Readable {
  const text = Readable.from(
    (async function* () {
      yield first;
      yield* rest;
    })(),
  );
  const packed = createGzip({ level: 6 });
  text.on('error', (error) => packed.destroy(error));
  packed.on('close', () => text.destroy());
  return text.pipe(packed);
}
