/**
 * Does a track arrive at the SFU and not leave it for somebody who asked for it?
 *
 * Both counts are the SFU's own, on either side of it: packets of the layer in question come in, none go out, nobody
 * paused anything, and the receiver's transport is alive. A video without a layer (-1) was given up for want of
 * bandwidth: that is the downlink's, and not this.
 */
import type { CallFeatures } from '../features/call.ts';
import type { PathFeatures } from '../features/path.ts';
import type { SendingFeatures } from '../features/sending.ts';
import { fresh, sinceProgressMs, staleSfuMs } from '../features/trailing.ts';
import { atLeast, atMost, calm, type Detector, evidenceOf, type Verdict } from './detector.ts';

/** A switch waits for a key frame for a second or two. */
const heldMs = 3_900;
const knownMs = 6_000;
const severeMs = 8_000;
/** Sound in pauses of the talk comes at 2 to 3 packets a second. */
const arrivingPerSecond = 5;

export const trackNotForwarded: Detector = {
  name: 'track_not_forwarded',
  version: 1,
  question: 'Does a track arrive at the SFU and not leave it for somebody who asked for it?',
  onset:
    'no packet sent to the receiver for >= 3.9 s (a layer switch waits a second or two for its key frame) while >= 5 a second of the track arrive, nothing is paused, a layer is chosen and the receiver’s transport is alive',
  clearing: 'packets are sent',
  explains: [{ kinds: ['freeze', 'stuck_decoder', 'audio_concealment'], of: 'own' }],
  sentence: ({ name, facts, when, nameOf }) =>
    `The media server received ${nameOf(String(facts.senderId ?? ''))}'s ${facts.kind === 'audio' ? 'sound' : 'picture'} but did not pass it on to ${name} ${when}.`,
  judge: (features) => {
    const sending = new Map(features.sending().map((s) => [s.producerId, s]));
    const silent = new Map(features.downlinks.map((d) => [d.participantId, d.silentMs]));
    return features.paths.map((p) =>
      judgePath(p, sending.get(p.path.uplink.producerId), silent.get(p.path.receiverId), features),
    );
  },
};

function judgePath(
  p: PathFeatures,
  sender: SendingFeatures | undefined,
  receiverSilentMs: number | undefined,
  { atMs }: CallFeatures,
): Verdict {
  const { receiverId, consumerId, uplink } = p.path;
  if (p.sfuSending !== false || p.paused || !sender) {
    return calm(p.sfuSending || p.paused ? 'good' : 'unclear', receiverId, consumerId, atMs);
  }
  const rows = fresh(p.path.sfu, atMs, staleSfuMs);
  const stillMs = sinceProgressMs(rows, (s) => s.packet_count);
  const chosen = uplink.kind === 'audio' || p.spatialLayer === undefined || p.spatialLayer >= 0;
  const arrives =
    atLeast(sender.arrivedPacketsPerSecond, arrivingPerSecond) &&
    atMost(layerStillMs(p, sender, atMs), 1_100) &&
    sender.arrivedKnownMs >= knownMs;
  const bad = atLeast(stillMs, heldMs) && chosen && arrives && atMost(receiverSilentMs, 1_500);
  if (!bad) return calm('unclear', receiverId, consumerId, atMs);
  return {
    state: 'bad',
    hop: 'sfu',
    participantId: receiverId,
    subjectId: consumerId,
    severity: stillMs! >= severeMs ? 'severe' : 'moderate',
    confidence: 0.8,
    sinceMs: rows.at(-1)!.time - stillMs!,
    evidence: evidenceOf({
      notForwardedMs: stillMs,
      arrivedPacketsPerSecond: sender.arrivedPacketsPerSecond,
      spatialLayer: p.spatialLayer,
      kind: uplink.kind,
      senderId: uplink.senderId,
    }),
    affected: [receiverId],
  };
}

/** Of the layer that the consumer is on; of the whole where there is but one. */
function layerStillMs(p: PathFeatures, sender: SendingFeatures, atMs: number): number | undefined {
  const { layers } = p.path.uplink;
  const layer = layers.find((l) => l.sfu.at(-1)?.spatial_layer === p.spatialLayer);
  if (!layer || layers.length === 1) return sender.arrivedStillMs;
  return sinceProgressMs(fresh(layer.sfu, atMs, staleSfuMs), (s) => s.packet_count);
}
