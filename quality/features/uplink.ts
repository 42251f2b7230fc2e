/** One participant's way up to the SFU: the transport, what arrives on it, and what the sender knows of it. */
import { increase, mean, perSecond, quotient } from '../counters.ts';
import { measureOutbound, measureProducer, measureRemoteInbound } from '../measure.ts';
import type { Layer, Link, Uplink } from '../paths.ts';
import type { Sample } from '../samples.ts';
import { arrivedOfSent } from './balance.ts';
import { freshLayers } from './layers.ts';
import { flowingMs, lossFeatures, type SfuLossFeatures } from './loss.ts';
import {
  clientShortMs,
  fresh,
  highest,
  historyMs,
  longMs,
  lowest,
  median,
  shortMs,
  silentMs,
  staleClientMs,
  staleSfuMs,
  times8,
  total,
  upTo,
  weighted,
} from './trailing.ts';

export interface UplinkFeatures extends SfuLossFeatures {
  readonly link: Link;
  readonly participantId: string;
  readonly flowingMs: number;
  readonly sfuTimeMs: number | undefined;
  readonly receiveBps: number | undefined;
  readonly receiveBeforeBps: number | undefined;
  readonly producerLoss: number | undefined;
  readonly producerLossLong: number | undefined;
  readonly nackedPerSecond: number | undefined;
  readonly lowestScore: number | undefined;
  readonly reportedLoss: number | undefined;
  readonly roundTripMs: number | undefined;
  readonly roundTripBeforeMs: number | undefined;
  /** By the newest report of each stream. */
  readonly roundTripNowMs: number | undefined;
  readonly limitedByBandwidth: boolean | undefined;
  /** Frames that the sender's busiest layer encodes a second, over what it was before; about 1 when all is well. */
  readonly encodingKept: number | undefined;
  readonly senderEstimateBps: number | undefined;
  readonly senderEstimateFall: number | undefined;
  readonly silentMs: number | undefined;
  /** Bytes that reached the SFU of those that the client sent, over 2 s; about 1 when all is well. */
  readonly arrivedOfSent: number | undefined;
  /** The client goes on sending while nothing arrives. */
  readonly clientSending: boolean | undefined;
}

export function uplinkFeatures(link: Link, uplinks: readonly Uplink[], atMs: number): UplinkFeatures {
  const sfu = fresh(link.sfu, atMs, staleSfuMs);
  const newest = sfu.at(-1);
  const layers = uplinks.flatMap((u) => u.layers);
  const known = uplinks.map((u) => freshLayers(u, atMs));
  const arrived = known.flatMap((l) => l.arrived);
  const recent = known.flatMap((l) => l.lately);
  const steady = arrived.map((rows) => measureProducer(rows, upTo(rows.at(-1)!.time, longMs)));
  const reports = layers
    .map((l) => fresh(l.remoteInbound, atMs, staleClientMs))
    .filter((rows) => rows.length > 0);
  const told = reports.map((rows) => measureRemoteInbound(rows, upTo(rows.at(-1)!.time, clientShortMs)));
  const toldBefore = reports.map((rows) =>
    measureRemoteInbound(rows, { fromMs: 0, toMs: rows.at(-1)!.time - clientShortMs }),
  );
  const sending = known.flatMap((l) => l.outbound);
  const sent = sending.map((rows) => measureOutbound(rows, upTo(rows.at(-1)!.time, clientShortMs)));
  const pair = fresh(link.pair, atMs, staleClientMs);
  const estimate = pair.at(-1)?.available_outgoing_bitrate ?? undefined;
  const estimateBefore = median(pair.slice(0, -2).map((s) => s.available_outgoing_bitrate));
  return {
    link,
    participantId: link.participantId,
    ...lossFeatures(sfu, (s) => s.rtp_packet_loss_received),
    flowingMs: flowingMs(sfu, (s) => s.bytes_received),
    sfuTimeMs: newest?.time,
    receiveBps: times8(perSecond(increase(sfu, (s) => s.bytes_received, upTo(newest?.time, shortMs)))),
    receiveBeforeBps: times8(
      perSecond(increase(sfu, (s) => s.bytes_received, { fromMs: 0, toMs: (newest?.time ?? 0) - shortMs })),
    ),
    producerLoss: weighted(
      recent,
      (m) => m.lossRatio,
      (m) => m.packets,
    ),
    producerLossLong: weighted(
      steady,
      (m) => m.lossRatio,
      (m) => m.packets,
    ),
    nackedPerSecond: total(recent.map((m) => m.nackedPerSecond)),
    lowestScore: lowest(recent.filter((m) => m.paused !== true && (m.packets ?? 0) > 0).map((m) => m.score)),
    reportedLoss: reportedLoss(layers, atMs),
    roundTripMs: mean(told.map((m) => m.roundTripMs)),
    roundTripBeforeMs: mean(toldBefore.map((m) => m.roundTripMs)),
    roundTripNowMs: roundTripNowMs(reports),
    limitedByBandwidth: sent.length > 0 ? sent.some((m) => m.limitedByBandwidth === true) : undefined,
    encodingKept: encodingKept(sending),
    senderEstimateBps: estimate,
    senderEstimateFall:
      estimate === undefined || !estimateBefore
        ? undefined
        : Math.max(0, (estimateBefore - estimate) / estimateBefore),
    arrivedOfSent: arrivedOfSent(
      { samples: fresh(link.client, atMs, staleClientMs), bytes: (s) => s.bytes_sent },
      { samples: sfu, bytes: (s) => s.bytes_received },
    ),
    silentMs: silentMs(sfu, (s) => s.bytes_received, undefined),
    clientSending: sent.length > 0 ? sent.some((m) => (m.packets ?? 0) > 0) : undefined,
  };
}

/**
 * What receiver reports told the sender, over all its streams by their packets: a report of 32 packets tells
 * one lost as 3 %.
 */
function reportedLoss(layers: readonly Layer[], atMs: number): number | undefined {
  const told = layers.flatMap((layer) => {
    const rows = fresh(layer.remoteInbound, atMs, staleClientMs);
    const sent = fresh(layer.outbound, atMs, staleClientMs);
    if (rows.length === 0 || sent.length === 0) return [];
    return [
      {
        loss: measureRemoteInbound(rows, upTo(rows.at(-1)!.time, clientShortMs)).fractionLost,
        packets: measureOutbound(sent, upTo(sent.at(-1)!.time, clientShortMs)).packets,
      },
    ];
  });
  return weighted(
    told,
    (t) => t.loss,
    (t) => t.packets,
  );
}

function roundTripNowMs(reports: readonly (readonly Sample<'remote_inbound_rtp'>[])[]): number | undefined {
  const us = mean(reports.map((rows) => rows.at(-1)!.round_trip_time_us));
  return us === undefined ? undefined : us / 1000;
}

function encodingKept(sending: readonly (readonly Sample<'outbound_rtp'>[])[]): number | undefined {
  const rate = (fromEndMs: number, lengthMs: number) =>
    highest(
      sending.map((rows) => {
        const toMs = rows.at(-1)!.time + 1 - fromEndMs;
        return measureOutbound(rows, { fromMs: toMs - lengthMs, toMs }).framesPerSecond;
      }),
    );
  return quotient(rate(0, clientShortMs), rate(clientShortMs, historyMs));
}
