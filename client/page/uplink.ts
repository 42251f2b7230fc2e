/**
 * Carries out what the page does for its own uplink (uplink-policy.ts).
 *
 * Probing: libwebrtc probes at once, and at that rate, when the bound of all that is sent rises above the estimate
 * (ProbeController::SetBitrates), and the bound is the answer's `b=TIAS` (RFC 3890) of the video: it is put there, raised by a
 * little for each probe, and taken away again.
 */
import type { types as mediasoup } from 'mediasoup-client';
import { type RawStats, selectedPair } from '../../telemetry/browser-stats.ts';
import { events } from '../../telemetry/events.ts';
import { peerConnectionOf } from '../sdk/peer-connection.ts';
import { ReportReader } from '../sdk/report.ts';
import type { Telemetry } from '../sdk/telemetry.ts';
import type { Publisher } from './publisher.ts';
import { QueueMeter, UplinkProbes, type UplinkSample, UplinkThinning } from './uplink-policy.ts';

const calmEveryMs = 3_000;
const limitedEveryMs = 500;
/** A bound that rises by less than this might be rounded away. */
const raiseBps = 1_000;
/** RTCP's round trip is measured once a second; older than this it is of a stream that has stopped. */
const freshMs = 1_500;

/** Watches until the transport closes. Browsers that do not tell their estimate are left alone. */
export function helpUplink(
  transport: mediasoup.Transport,
  publisher: Pick<Publisher, 'wantedBps' | 'sendLess'>,
  telemetry: Telemetry | null,
): void {
  const pc = peerConnectionOf(transport);
  const queue = negotiationsOf(transport);
  if (!pc || !queue) return;
  const [reader, meter] = [new ReportReader(), new QueueMeter()];
  const [probes, thinning] = [new UplinkProbes(), new UplinkThinning()];
  const read = async (wantedBps: number) =>
    sampleOf(reader.read(await pc.getStats(), performance.now()), wantedBps, meter);
  let timer: ReturnType<typeof setTimeout> | undefined;

  const bound = (bps: number | null) =>
    queue.push(async () => {
      const { remoteDescription } = pc;
      if (!remoteDescription || pc.signalingState !== 'stable') return;
      await pc.setLocalDescription(await pc.createOffer());
      await pc.setRemoteDescription({ type: 'answer', sdp: withVideoBound(remoteDescription.sdp, bps) });
    });
  const probe = async ({ wantedBps, estimateBps }: UplinkSample) => {
    telemetry?.event(events.uplinkProbed, { probe_bps: wantedBps, estimate_bps: estimateBps });
    const before = videoBoundOf(pc);
    // Coming from none it is no rise.
    if (before === null) await bound(wantedBps);
    await bound(Math.max(before ?? 0, wantedBps) + raiseBps);
  };
  /** @returns time until the next */
  const look = async () => {
    const { wantedBps } = publisher;
    const sample = wantedBps > 0 && (await read(wantedBps));
    if (!sample) return calmEveryMs;
    const before = thinning.thin;
    const thin = thinning.next(sample);
    if (thin !== before) {
      telemetry?.event(events.uplinkThinned, { thin, estimate_bps: sample.estimateBps });
      await publisher.sendLess(thin);
    }
    if (probes.next(sample)) await probe(sample);
    else if (!sample.limited && videoBoundOf(pc) !== null) await bound(null);
    return sample.limited ? limitedEveryMs : calmEveryMs;
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

/** @returns undefined where the browser does not tell */
function sampleOf(
  stats: readonly RawStats[],
  wantedBps: number,
  meter: QueueMeter,
): UplinkSample | undefined {
  const pair = selectedPair(stats);
  const estimateBps = pair?.availableOutgoingBitrate;
  const roundTripMs = roundTripOf(stats, pair);
  if (typeof estimateBps !== 'number' || roundTripMs === undefined) return undefined;
  const limited = stats.some(
    ({ type, qualityLimitationReason }) => type === 'outbound-rtp' && qualityLimitationReason === 'bandwidth',
  );
  const atMs = performance.now();
  return { atMs, estimateBps, wantedBps, limited, queueMs: meter.read(atMs, roundTripMs) };
}

/** By RTCP where it is fresh, the least of all streams; else by the checks of the path, which are two to five seconds apart. */
function roundTripOf(stats: readonly RawStats[], pair: RawStats | undefined): number | undefined {
  const nowMs = performance.timeOrigin + performance.now();
  const fresh = stats
    .filter(({ type, timestamp }) => type === 'remote-inbound-rtp' && nowMs - Number(timestamp) < freshMs)
    .map(({ roundTripTime }) => roundTripTime)
    .filter((seconds) => typeof seconds === 'number');
  const seconds = fresh.length > 0 ? Math.min(...fresh) : pair?.currentRoundTripTime;
  return typeof seconds === 'number' ? seconds * 1000 : undefined;
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
