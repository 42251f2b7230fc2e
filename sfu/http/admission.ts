/**
 * `POST /api/v1/join`: an invitation in, everything a page needs to open its call out. The invitation names
 * tenant and room; call and participant are named here, and signed.
 */
import { randomBytes } from 'node:crypto';
import { errors as jose } from 'jose';
import { type JoinAnswer, joinRequestSchema } from '../../telemetry/signaling.ts';
import { type InviteClaims, signToken, verifyToken } from '../../telemetry/tokens.ts';
import type { SfuConfig } from '../config.ts';
import { SfuError } from '../errors.ts';
import type { Nodes } from '../nodes/Nodes.ts';
import type { Seats } from '../pipes/Seats.ts';
import type { Rooms } from '../Rooms.ts';
import type { RecordingTaps } from '../recording/RecordingTaps.ts';
import type { Relays } from '../relays/Relays.ts';
import { told } from '../signaling/messages.ts';

/** Time from the answer to the join over the socket: device prompts come before it is asked for. */
const joinTokenSeconds = 60;
/** As long as a long working day: telemetry of a call ends with the call, not with its token. */
const telemetryTokenSeconds = 12 * 3600;

export type AdmissionConfig = Pick<
  SfuConfig,
  'tokenSecret' | 'clientCollectorUrl' | 'entrances' | 'nodeId' | 'loopMode'
>;

/**
 * @param taps null where nothing can be recorded: an invitation that asks for it is refused then
 * @param nodes null where this node is the only one, as are `seats`
 * @throws SfuError malformed, invite_expired, invite_invalid, limit_reached, stopping, recording_off
 */
export async function admit(
  body: unknown,
  config: AdmissionConfig,
  rooms: Rooms,
  taps: RecordingTaps | null,
  relays: Relays,
  nodes: Nodes | null,
  seats: Seats | null,
): Promise<JoinAnswer> {
  const request = joinRequestSchema.safeParse(body);
  if (!request.success) {
    throw new SfuError('malformed', `The join request is not valid: ${told(request.error)}.`);
  }
  const { invite, displayName } = request.data;
  const { tenantId, roomId, recording } = await invitation(invite, config.tokenSecret);
  if (recording && !taps) throw new SfuError('recording_off', 'This call is to be recorded and cannot be.');
  const nowMs = Date.now();
  const place = await nodes?.place({ tenantId, roomId });
  const { callId } =
    !place || place.here
      ? rooms.admit(tenantId, roomId, nowMs + joinTokenSeconds * 1000, place?.callId)
      : place;
  const participantId = `p-${randomBytes(8).toString('hex')}`;
  const who = { participantId, forMs: joinTokenSeconds * 1000 };
  const seat = place && seats ? await seats.seat({ tenantId, roomId }, place, who) : place;
  const claims = { tenantId, roomId, callId, participantId };
  const seated = place &&
    seat && { nodeId: seat.nodeId, ...(seat !== place && { homeNodeId: place.nodeId }) };
  const secret = config.tokenSecret;
  const [joinToken, telemetryToken] = await Promise.all([
    signToken(
      'join',
      { ...claims, displayName, ...seated, ...(recording && { recording }) },
      { secret, ttlSeconds: joinTokenSeconds },
    ),
    signToken('telemetry', claims, { secret, ttlSeconds: telemetryTokenSeconds }),
  ]);
  return {
    joinToken,
    telemetryToken,
    telemetryUrl: config.clientCollectorUrl,
    callId,
    roomId,
    participantId,
    iceServers: relays.iceServers(participantId),
    entrances: [...config.entrances],
    sfuNodeId: seat?.nodeId ?? config.nodeId,
    nodeOrigins: [...(seat?.origins ?? [])],
    loopMode: config.loopMode,
    serverTimeMs: nowMs,
  };
}

/** @throws SfuError invite_expired, invite_invalid */
export async function invitation(invite: string, secret: string): Promise<InviteClaims> {
  try {
    return await verifyToken('invite', invite, secret);
  } catch (error) {
    if (error instanceof jose.JWTExpired) throw new SfuError('invite_expired', 'The invitation has expired.');
    throw new SfuError('invite_invalid', 'The invitation is not valid.', { cause: error });
  }
}
