/**
 * Asks the uplink what it holds (uplink-probes.ts). libwebrtc probes at once, and at that rate, when the bound of all that
 * is sent rises above the estimate (ProbeController::SetBitrates), and the bound is the answer's `b=TIAS` (RFC 3890) of
 * the video: it is put there, raised by a little for each probe, and taken away again.
 */
import type { types as mediasoup } from 'mediasoup-client';
import { type RawStats, selectedPair } from '../../telemetry/browser-stats.ts';
import { events } from '../../telemetry/events.ts';
import { peerConnectionOf } from '../sdk/peer-connection.ts';
import type { Telemetry } from '../sdk/telemetry.ts';
import { UplinkProbes, type UplinkSample } from './uplink-probes.ts';

const calmEveryMs = 3_000;
const limitedEveryMs = 500;
/** A bound that rises by less than this might be rounded away. */
const raiseBps = 1_000;
/** RTP, SRTP, UDP and IP headers, and retransmissions. */
const overhead = 1.1;
/** Opus with its headers, of which nothing else tells. */
const audioBps = 45_000;

/** Watches until the transport closes. Browsers that do not tell their estimate are left alone. */
export function probeUplink(transport: mediasoup.Transport, telemetry: Telemetry | null): void {
  const pc = peerConnectionOf(transport);
  const queue = negotiationsOf(transport);
  if (!pc || !queue) return;
  const probes = new UplinkProbes();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const bound = (bps: number | null) =>
    queue.push(async () => {
      const { remoteDescription } = pc;
      if (!remoteDescription || pc.signalingState !== 'stable') return;
      await pc.setLocalDescription(await pc.createOffer());
      await pc.setRemoteDescription({ type: 'answer', sdp: withVideoBound(remoteDescription.sdp, bps) });
    });
  const look = async () => {
    const sample = await readUplink(pc);
    if (sample && probes.next(sample)) {
      const { wantedBps: probe_bps, estimateBps: estimate_bps } = sample;
      telemetry?.event(events.uplinkProbed, { probe_bps, estimate_bps });
      const before = videoBoundOf(pc);
      // Coming from none it is no rise.
      if (before === null) await bound(probe_bps);
      await bound(Math.max(before ?? 0, probe_bps) + raiseBps);
    } else if (sample && !sample.limited && videoBoundOf(pc) !== null) await bound(null);
    return sample?.limited ? limitedEveryMs : calmEveryMs;
  };
  const schedule = (ms: number) => {
    timer = setTimeout(() => {
      // A closed connection, or an answer that the browser does not take: all is as it was without.
      look()
        .catch(() => calmEveryMs)
        .then((nextMs) => {
          if (!transport.closed) schedule(nextMs);
        });
    }, ms);
  };
  transport.observer.once('close', () => clearTimeout(timer));
  schedule(calmEveryMs);
}

/** @returns undefined while nothing is sent, or where the browser does not tell */
async function readUplink(pc: RTCPeerConnection): Promise<UplinkSample | undefined> {
  const wantedBps = wantedOf(pc);
  if (wantedBps === 0) return undefined;
  const stats = [...(await pc.getStats()).values()] as RawStats[];
  const pair = selectedPair(stats);
  const [estimateBps, roundTrip] = [pair?.availableOutgoingBitrate, pair?.currentRoundTripTime];
  if (typeof estimateBps !== 'number' || typeof roundTrip !== 'number') return undefined;
  const limited = stats.some(
    ({ type, qualityLimitationReason }) => type === 'outbound-rtp' && qualityLimitationReason === 'bandwidth',
  );
  return { atMs: performance.now(), estimateBps, wantedBps, limited, roundTripMs: roundTrip * 1000 };
}

/** What all encodings of pictures take at their most, with audio; 0: no picture is sent. */
function wantedOf(pc: RTCPeerConnection): number {
  let videoBps = 0;
  for (const sender of pc.getSenders()) {
    if (sender.track?.kind !== 'video' || !sender.track.enabled) continue;
    for (const { active, maxBitrate } of sender.getParameters().encodings) {
      if (active) videoBps += maxBitrate ?? 0;
    }
  }
  return videoBps === 0 ? 0 : Math.round(overhead * videoBps + audioBps);
}

/** @param bps null: none */
export function withVideoBound(sdp: string, bps: number | null): string {
  const unbound = sdp.replace(/^b=TIAS:\d+\r\n/gm, '');
  // RFC 8866, section 5: b= follows c= of the same medium.
  return bps === null ? unbound : unbound.replace(/^m=video [\s\S]*?^c=.*\r\n/gm, `$&b=TIAS:${bps}\r\n`);
}

/** As it stands: mediasoup-client's next answer of its own has none. */
function videoBoundOf({ remoteDescription }: RTCPeerConnection): number | null {
  const bps = /^b=TIAS:(\d+)/m.exec(remoteDescription?.sdp ?? '')?.[1];
  return bps === undefined ? null : Number(bps);
}

interface Negotiations {
  push<T>(task: () => Promise<T>): Promise<T>;
}

/**
 * mediasoup-client's own queue, private to it: an offer of ours between an offer and an answer of its own would fail one
 * of them.
 */
function negotiationsOf(transport: mediasoup.Transport): Negotiations | undefined {
  const { _awaitQueue } = transport as unknown as { _awaitQueue?: Partial<Negotiations> };
  return typeof _awaitQueue?.push === 'function' ? (_awaitQueue as Negotiations) : undefined;
}
