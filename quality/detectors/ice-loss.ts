/**
 * Has this participant lost its network path to the SFU?
 *
 * ICE itself says nothing for 8 s and more. But RTCP comes back at least every second while media flows, and
 * consent checks (RFC 7675) every 5 s at most: silence on a transport that the SFU keeps sending on is the
 * first sign. The second must come from elsewhere: the other transport, the client's own packets standing
 * still, its consent checks unanswered, or ICE's own word.
 */
import type { IceFeatures } from '../features/ice.ts';
import { atLeast, type Detector, evidenceOf, suffered, type Verdict } from './detector.ts';

/** Two samples without a packet, on both transports at once: media and reports alike. */
const bothSilentMs = 1_900;
/** Twice the longest usual gap between two RTCP packets, seen through 1 s samples. */
const silenceMs = 2_900;
/** Client samples come every 1-2 s: at least one whole difference without a packet. */
const stallMs = 1_900;
/** Enough to call it back: two samples with traffic. */
const clearMs = 900;

const down = new Set(['disconnected', 'failed']);

export const iceLoss: Detector = {
  name: 'ice_loss',
  version: 2,
  question: 'Has this participant lost its network path to the SFU?',
  onset:
    'nothing arrives at the SFU for 1.9 s on either transport, of which one carried media; or nothing for 3 s on a transport that it sends on, or ICE says disconnected or failed; ' +
    'and a second witness: the other transport silent too, the client’s packets or checks standing still, ICE',
  clearing: 'packets arrive again on every transport and ICE is not down',
  explains: [
    {
      kinds: [
        ...suffered,
        'uplink_congestion',
        'downlink_congestion',
        'telemetry_gap',
        'ice_flapping',
        'estimate_collapse',
        'fixed_bitrate',
        'video_source_frozen',
        'track_not_forwarded',
        'sender_cpu_limited',
        'receiver_cpu_limited',
      ],
      of: 'own',
    },
    { kinds: [...suffered, 'track_not_forwarded'], of: 'sent' },
  ],
  sentence: ({ name, when, others }) => `${name} had no network path to the media server ${when}; ${others}.`,
  judge: (features) => features.ice.map((ice) => judgeIce(ice, features.atMs)).filter((v) => v !== undefined),
};

function judgeIce(ice: IceFeatures, atMs: number): Verdict | undefined {
  if (ice.left) return undefined;
  const recvSilent = atLeast(ice.recvSilentMs, silenceMs);
  const sendSilent = atLeast(ice.sendSilentMs, silenceMs);
  const stalled = atLeast(ice.clientStalledMs, stallMs);
  const unanswered = atLeast(ice.unansweredMs, 6_000);
  const clientDown = down.has(ice.clientIceState);
  const sfuDown = down.has(ice.sfuIceState);
  const witnesses = [recvSilent, sendSilent, stalled, unanswered, clientDown, sfuDown].filter(Boolean).length;

  // A muted or listening-only participant is silent on its send transport: that alone means nothing.
  const bothSilent =
    ice.sendFlowed && atLeast(ice.recvSilentMs, bothSilentMs) && atLeast(ice.sendSilentMs, bothSilentMs);
  const bad = bothSilent || (witnesses >= 2 && (recvSilent || clientDown || sfuDown));
  const moving = (ms: number | undefined) => ms === undefined || ms <= clearMs;
  const anyKnown = ice.recvSilentMs !== undefined || ice.clientStalledMs !== undefined;
  const good = anyKnown && moving(ice.recvSilentMs) && !clientDown && !sfuDown && !stalled;

  const silentMs = Math.max(ice.recvSilentMs ?? 0, ice.clientStalledMs ?? 0);
  return {
    state: bad ? 'bad' : good ? 'good' : 'unclear',
    hop: recvSilent && !sendSilent && ice.sendSilentMs !== undefined ? 'downlink' : 'far_network',
    participantId: ice.participantId,
    subjectId: '',
    severity: 'severe',
    confidence: Math.min(0.99, Math.max(bothSilent ? 0.8 : 0, 0.5 + 0.15 * witnesses)),
    sinceMs: bad ? atMs - Math.max(1_000, silentMs) : atMs,
    evidence: evidenceOf({
      recvTransportSilentMs: ice.recvSilentMs,
      sendTransportSilentMs: ice.sendSilentMs,
      clientStalledMs: ice.clientStalledMs,
      checksUnansweredMs: ice.unansweredMs,
      clientIceState: ice.clientIceState,
      sfuIceState: ice.sfuIceState,
    }),
    affected: [ice.participantId],
  };
}
