/** One participant's way down from the SFU: the transport, what is sent on it, and what the client says of it. */
import { increase, mean, perSecond } from '../counters.ts';
import { measureConsumer, measureInbound } from '../measure.ts';
import type { Link, MediaPath } from '../paths.ts';
import type { Sample } from '../samples.ts';
import { arrivedOfSent } from './balance.ts';
import { videoDrowned } from './drowned.ts';
import { freshLayers } from './layers.ts';
import { flowingMs, lossFeatures, type SfuLossFeatures } from './loss.ts';
import {
  clientShortMs,
  fresh,
  highest,
  longMs,
  lowest,
  median,
  sfuIntervalMs,
  shortMs,
  silentMs,
  sinceProgressMs,
  staleClientMs,
  staleSfuMs,
  times8,
  upTo,
  weighted,
} from './trailing.ts';

export interface DownlinkFeatures extends SfuLossFeatures {
  readonly link: Link;
  readonly participantId: string;
  /** Since when media flows on it, as far as the history shows; ms. */
  readonly flowingMs: number;
  readonly sfuTimeMs: number | undefined;
  readonly sendBps: number | undefined;
  readonly rtxBps: number | undefined;
  readonly bweBps: number | undefined;
  /** Highest usual estimate (median) earlier in the history. */
  readonly bweBeforeBps: number | undefined;
  /** 0 to 1: how far the estimate fell from what it was earlier in the history. */
  readonly bweFall: number | undefined;
  readonly bweDesiredBps: number | undefined;
  /** Packets asked for again per packet sent, over all consumers. */
  readonly nackedRatio: number | undefined;
  readonly nackedRatioLong: number | undefined;
  /** A full queue lets none of the video through: see drowned.ts. */
  readonly videoDrowned: boolean | undefined;
  /** Consumers that asked for packets again, of those that were sent any; ratio. */
  readonly nackedTracks: number | undefined;
  readonly roundTripMs: number | undefined;
  readonly roundTripBeforeMs: number | undefined;
  /** By the client's newest connectivity check, which is asked every 2.5 s whatever is sent; the others come with RTCP. */
  readonly checkRoundTripMs: number | undefined;
  /** What receiver reports of the last two intervals said anew: the SFU's statistics repeat the last report until another comes. */
  readonly reportedRoundTripMs: number | undefined;
  /** By the receiver's own count, of streams that reached the SFU whole; over its newest samples and over 5 s. */
  readonly clientLoss: number | undefined;
  readonly clientLossLong: number | undefined;
  readonly clientTimeMs: number | undefined;
  readonly clientJitterMs: number | undefined;
  readonly audioConcealed: number | undefined;
  readonly clientReceiveBps: number | undefined;
  /** Bytes that reached the client of those that the SFU sent, over 2 s; about 1 when all is well. */
  readonly arrivedOfSent: number | undefined;
  /** How long nothing has arrived from the client while the SFU kept sending; ms, by samples, not by their absence. */
  readonly silentMs: number | undefined;
  /** What the client received stands still at its newest samples; ms. */
  readonly clientStalledMs: number | undefined;
}

export function downlinkFeatures(link: Link, paths: readonly MediaPath[], atMs: number): DownlinkFeatures {
  const sfu = fresh(link.sfu, atMs, staleSfuMs);
  const newest = sfu.at(-1);
  const sentPaths = paths
    .map((path) => ({ path, rows: fresh(path.sfu, atMs, staleSfuMs) }))
    .filter(({ rows }) => rows.length > 0);
  const consumers = sentPaths.map(({ rows }) => rows);
  const recent = consumers.map((rows) => measureConsumer(rows, upTo(rows.at(-1)!.time, shortMs)));
  const steady = consumers.map((rows) => measureConsumer(rows, upTo(rows.at(-1)!.time, longMs)));
  // What is missed or asked for again because it never reached the SFU is no news of this link.
  const isWhole = ({ path }: { readonly path: MediaPath }) => !freshLayers(path.uplink, atMs).holes;
  const whole = sentPaths.map(isWhole);
  const asking = recent.filter((_, i) => whole[i]);
  const askingLong = steady.filter((_, i) => whole[i]);
  const sent = recent.filter((m) => (m.packets ?? 0) >= 5);
  const before = sfu.filter((s) => s.time < (newest?.time ?? 0) - shortMs);
  const bweBps = newest?.bwe_available_bitrate ?? newest?.available_outgoing_bitrate ?? undefined;
  const bweBeforeBps = median(before.map((s) => s.bwe_available_bitrate ?? s.available_outgoing_bitrate));

  const inbound = paths.map((p) => ({ path: p, rows: fresh(p.inbound, atMs, staleClientMs) }));
  const heard = inbound.filter((i) => i.rows.length > 0);
  const client = heard.map((i) => measureInbound(i.rows, upTo(i.rows.at(-1)!.time, clientShortMs)));
  const missing = client.filter((_, i) => isWhole(heard[i]!));
  const missingLong = heard
    .filter(isWhole)
    .map((i) => measureInbound(i.rows, upTo(i.rows.at(-1)!.time, longMs)));
  const audio = client.filter((_, i) => heard[i]!.path.uplink.kind === 'audio');

  return {
    link,
    participantId: link.participantId,
    ...lossFeatures(sfu, (s) => s.rtp_packet_loss_sent),
    ...(newest && feedbackIsOld(sentPaths, newest.time) && { lossNow: undefined }),
    flowingMs: flowingMs(sfu, (s) => s.rtp_bytes_sent),
    sfuTimeMs: newest?.time,
    // The newest interval alone: one from before the fault would hide how little comes through since.
    sendBps: times8(perSecond(increase(sfu, (s) => s.bytes_sent, upTo(newest?.time, sfuIntervalMs)))),
    rtxBps: times8(perSecond(increase(sfu, (s) => s.rtx_bytes_sent, upTo(newest?.time, sfuIntervalMs)))),
    bweBps,
    bweBeforeBps,
    bweFall:
      bweBps === undefined || !bweBeforeBps ? undefined : Math.max(0, (bweBeforeBps - bweBps) / bweBeforeBps),
    bweDesiredBps: newest?.bwe_desired_bitrate ?? undefined,
    nackedRatio: weighted(
      asking,
      (m) => m.nackedRatio,
      (m) => m.packets,
    ),
    nackedRatioLong: weighted(
      askingLong,
      (m) => m.nackedRatio,
      (m) => m.packets,
    ),
    videoDrowned: videoDrowned(sfu, sentPaths, atMs),
    nackedTracks:
      sent.length > 0 ? sent.filter((m) => (m.nackedPerSecond ?? 0) > 0).length / sent.length : undefined,
    roundTripMs: mean(recent.map((m) => m.roundTripMs)),
    roundTripBeforeMs: mean(
      consumers.map(
        (rows) => measureConsumer(rows, { fromMs: 0, toMs: rows.at(-1)!.time - shortMs }).roundTripMs,
      ),
    ),
    reportedRoundTripMs: mean(consumers.flatMap(newRoundTrips)),
    checkRoundTripMs: thousandth(fresh(link.pair, atMs, staleClientMs).at(-1)?.current_round_trip_time_us),
    clientLoss: weighted(
      missing,
      (m) => m.lossRatio,
      (m) => m.packets,
    ),
    clientLossLong: weighted(
      missingLong,
      (m) => m.lossRatio,
      (m) => m.packets,
    ),
    clientTimeMs: heard.length > 0 ? Math.max(...heard.map((i) => i.rows.at(-1)!.time)) : undefined,
    clientJitterMs: mean(audio.map((m) => m.jitterMs)),
    audioConcealed: weighted(
      audio,
      (m) => m.concealedRatio,
      (m) => m.playedSamples,
    ),
    clientReceiveBps: client.some((m) => m.bitrateBps !== undefined)
      ? client.reduce((sum, m) => sum + (m.bitrateBps ?? 0), 0)
      : undefined,
    arrivedOfSent: arrivedOfSent(
      { samples: sfu, bytes: (s) => s.bytes_sent },
      { samples: fresh(link.client, atMs, staleClientMs), bytes: (s) => s.bytes_received },
    ),
    silentMs: silentMs(
      sfu,
      (s) => s.bytes_received,
      (s) => s.bytes_sent,
    ),
    clientStalledMs: stalledMs(heard.map((i) => i.rows)),
  };
}

/** Two dozen feedbacks of resumed video take about as long. */
const renewedMs = 3_000;

/**
 * Feedback tells of video alone, and the SFU's loss is a mean over its last two dozen: while all video is paused, and for a
 * while after, it is that of before the pause.
 */
const feedbackIsOld = (
  sent: readonly { readonly path: MediaPath; readonly rows: readonly Sample<'sfu_consumer'>[] }[],
  newestMs: number,
): boolean => {
  const videos = sent.filter(({ path }) => path.uplink.kind === 'video');
  const pausedLately = (s: Sample<'sfu_consumer'>) =>
    s.paused === true && (s.byte_count ?? 0) > 0 && s.time > newestMs - renewedMs;
  return videos.length > 0 && videos.every(({ rows }) => rows.some(pausedLately));
};

/** Beyond what a busy machine adds. */
const queueMs = 40;

/** Whether packets wait on the way. @param usualMs round trip without a queue; unknown, it is not said */
export const hasQueue = (
  { checkRoundTripMs, reportedRoundTripMs, roundTripMs }: DownlinkFeatures,
  usualMs: number | undefined,
  ms = queueMs,
): boolean => {
  const newestMs = highest([checkRoundTripMs, reportedRoundTripMs]) ?? roundTripMs;
  return usualMs !== undefined && newestMs !== undefined && newestMs >= usualMs + ms;
};

/** Of one consumer's samples, oldest first. */
function newRoundTrips(rows: readonly Sample<'sfu_consumer'>[]): number[] {
  const sinceMs = rows.at(-1)!.time - shortMs;
  return rows.flatMap(({ time, round_trip_time: ms }, i) =>
    i > 0 && time > sinceMs && ms && ms !== rows[i - 1]!.round_trip_time ? [ms] : [],
  );
}

const thousandth = (us: number | null | undefined) => (us == null ? undefined : us / 1000);

/** The shortest standstill of all streams: the client as a whole receives nothing. */
function stalledMs(streams: readonly (readonly Sample<'inbound_rtp'>[])[]): number | undefined {
  const still = streams.map((rows) => sinceProgressMs(rows, (s) => s.packets_received));
  return lowest(still);
}
