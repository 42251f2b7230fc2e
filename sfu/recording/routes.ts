/** HTTP for recordings, for those who have the recorder secret: telemetry/recording.ts says what goes over it. */
import { timingSafeEqual } from 'node:crypto';
import { PassThrough } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import {
  aliveRequestSchema,
  recordingPaths,
  recordRequestSchema,
  type TapEvent,
  takeRequestSchema,
  tapRequestSchema,
} from '../../telemetry/recording.ts';
import { SfuError } from '../errors.ts';
import type { Rooms } from '../Rooms.ts';
import { told } from '../signaling/messages.ts';
import type { RecordingTaps } from './RecordingTaps.ts';

export interface RecordingRoutesOptions {
  readonly taps: RecordingTaps;
  readonly rooms: Rooms;
  readonly secret: string;
}

interface CallParams {
  readonly Params: { callId: string };
}

/** Events of a recorder that does not read: it has lost its tap then. */
const mostUnreadBytes = 256 * 1024;

export function recordingRoutes(app: FastifyInstance, { taps, rooms, secret }: RecordingRoutesOptions): void {
  const onRequest = async (request: FastifyRequest) => {
    if (!isBearer(request.headers.authorization, secret)) {
      throw new SfuError('recorder_unknown', 'The recorder secret is missing or wrong.');
    }
  };
  const call = ':callId';

  app.post(recordingPaths.wanted, { onRequest }, (request, reply) => {
    const { tenantId, roomId, transcribe } = parsed(recordRequestSchema, request.body);
    const found = rooms.callIn({ tenantId, roomId });
    if (found?.homeNodeId !== null) throw new SfuError('not_found', 'There is no call in this room.');
    taps.want(found, transcribe);
    reply.code(202);
    return { callId: found.callId };
  });

  app.delete<CallParams>(recordingPaths.call(call), { onRequest }, (request) => {
    if (!taps.drop(request.params.callId)) throw new SfuError('not_found', 'This call is not recorded.');
    return { stopped: true };
  });

  app.post<CallParams>(recordingPaths.tap(call), { onRequest }, (request, reply) => {
    parsed(tapRequestSchema, request.body);
    const { callId } = request.params;
    const lines = new PassThrough();
    const send = (event: TapEvent) => {
      lines.write(`${JSON.stringify(event)}\n`);
      if (lines.writableLength > mostUnreadBytes) request.socket.destroy();
    };
    const tapId = taps.open(callId, send, () => lines.end());
    request.socket.setNoDelay(true);
    reply.raw.once('close', () => taps.lost(callId, tapId));
    return reply.type('application/x-ndjson').send(lines);
  });

  app.post<CallParams>(recordingPaths.streams(call), { onRequest }, (request) =>
    taps.take(request.params.callId, parsed(takeRequestSchema, request.body)),
  );

  app.post<CallParams>(recordingPaths.alive(call), { onRequest }, (request) => {
    taps.alive(request.params.callId, parsed(aliveRequestSchema, request.body).tapId);
    return {};
  });
}

function parsed<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const result = schema.safeParse(body);
  if (!result.success) throw new SfuError('malformed', `The request is not valid: ${told(result.error)}.`);
  return result.data;
}

function isBearer(header: string | undefined, secret: string): boolean {
  const given = Buffer.from(header ?? '');
  const expected = Buffer.from(`Bearer ${secret}`);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
