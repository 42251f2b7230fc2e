/**
 * Has a connection of this participant never come up?
 *
 * From the client's own words: it has been checking or connecting for too long, or says that it failed, and was never
 * connected. A transport that nobody has used yet is `new` on both sides; that is no trouble. Where the SFU has a
 * word on the same transport it must not say that ICE is connected while the client's checks are the trouble.
 */
import type { CallFeatures } from '../features/call.ts';
import type { ConnectionFeatures } from '../features/connection.ts';
import { atLeast, calm, type Detector, evidenceOf, type Verdict } from './detector.ts';

/** The field's limit; a join over a relay on another continent takes 2 s. */
const tryingForMs = 3_900;
/** The SFU has not seen one check all that time. */
const unseenForMs = 2_900;

export const connectionNotEstablished: Detector = {
  name: 'connection_not_established',
  version: 3,
  question: 'Has a connection of this participant never come up?',
  onset:
    'checking or connecting for >= 3.9 s (the slowest good joins take 2 s), or for >= 2.9 s without one check that reached the SFU, or failed, without ever having been connected',
  clearing: 'connected, or given up (closed)',
  explains: [
    {
      kinds: [
        'telemetry_gap',
        'unconsumed_track',
        'track_not_forwarded',
        'udp_blocked',
        'video_source_frozen',
        'ice_loss',
      ],
      of: 'own',
    },
  ],
  sentence: ({ name, when, facts }) =>
    `${name} could not connect to the media server ${when}: ${facts.iceConnected === true ? 'the network path was found, but the secure handshake did not finish' : 'no network path was found'}.`,
  judge: (features) => features.connections().map((c) => judgeConnection(c, features)),
};

const up = new Set(['connected', 'completed']);

function judgeConnection(c: ConnectionFeatures, { atMs }: CallFeatures): Verdict {
  if (c.connectedOnce) return calm('good', c.participantId, c.transportId, atMs);
  const failed = c.connectionState === 'failed' || c.iceState === 'failed' || c.dtlsState === 'failed';
  const trying = atLeast(c.tryingMs, c.sfuIceState === 'new' ? unseenForMs : tryingForMs);
  const closed = c.connectionState === 'closed' || c.iceState === 'closed';
  if (closed) return calm('good', c.participantId, c.transportId, atMs);
  if (!failed && !trying) return calm('unclear', c.participantId, c.transportId, atMs);
  const iceConnected = up.has(c.iceState);
  const denied = !iceConnected && up.has(c.sfuIceState);
  if (denied && !failed) return calm('unclear', c.participantId, c.transportId, atMs);
  return {
    state: 'bad',
    hop: 'far_network',
    participantId: c.participantId,
    subjectId: c.transportId,
    severity: 'severe',
    confidence:
      failed && c.sfuIceState !== '' && !denied ? 0.95 : failed || c.sfuIceState === 'new' ? 0.9 : 0.75,
    sinceMs: atMs - (c.tryingMs ?? 0),
    evidence: evidenceOf({
      tryingMs: c.tryingMs,
      iceState: c.iceState,
      connectionState: c.connectionState,
      dtlsState: c.dtlsState,
      sfuIceState: c.sfuIceState,
      iceConnected,
    }),
    affected: [c.participantId],
  };
}
