/**
 * mediasoup's statistics as rows of telemetry/stats.ts. Plain functions from what mediasoup says to columns;
 * a member that mediasoup does not give is left out, never invented.
 */
import type { Attributes } from '@opentelemetry/api';
import type { types as mediasoup } from 'mediasoup';
import type { MediaSource } from '../../telemetry/rows.ts';
import { type Member, type StatsKind, sfuStats } from '../../telemetry/stats.ts';

/** Values of the `bwe` trace since the last sample, bit/s. */
export interface BweInterval {
  readonly bweType: string;
  readonly bweAvailableBitrate: number;
  readonly bweAvailableBitrateMin: number;
  readonly bweDesiredBitrate: number;
  readonly bweEffectiveDesiredBitrate: number;
}

/** What of a transport its own statistics do not say. */
export interface SampledTransport {
  readonly direction: 'send' | 'recv';
  readonly usesRelay: boolean | null;
  readonly bwe: BweInterval | null;
  readonly workerAnswerMs: number | null;
}

export function transportColumns(
  stat: mediasoup.WebRtcTransportStat,
  { bwe, ...known }: SampledTransport,
): Attributes {
  return columns(sfuStats.transport, stat, {
    ...bwe,
    ...known,
    protocol: stat.iceSelectedTuple?.protocol,
  });
}

/** mediasoup copies score and layers deeply each time it is asked for them: they are kept beside it, as it told them last. */
export interface SampledConsumer {
  readonly consumer: Pick<mediasoup.Consumer, 'type' | 'paused' | 'producerPaused' | 'rtpParameters'>;
  readonly source: MediaSource;
  readonly producerScore: number;
  readonly currentLayers: mediasoup.ConsumerLayers | undefined;
  readonly preferredLayers: mediasoup.ConsumerLayers | undefined;
}

/** One stream (simulcast layer) of a producer. */
export function producerColumns(
  stat: mediasoup.ProducerStat,
  producer: Pick<mediasoup.Producer, 'type' | 'paused' | 'rtpParameters'>,
  source: MediaSource,
): Attributes {
  return columns(sfuStats.producer, stat, {
    source,
    type: producer.type,
    paused: producer.paused,
    jitter: jitterMs(stat, parametersOf(producer)),
    spatialLayer: encodingIndex(stat, parametersOf(producer)),
  });
}

export function consumerColumns(
  stat: mediasoup.ConsumerStat,
  { consumer, source, producerScore, currentLayers, preferredLayers }: SampledConsumer,
): Attributes {
  const layered = consumer.type === 'simulcast' || consumer.type === 'svc';
  return columns(sfuStats.consumer, stat, {
    source,
    type: consumer.type,
    paused: consumer.paused,
    producerPaused: consumer.producerPaused,
    producerScore,
    jitter: jitterMs(stat, parametersOf(consumer)),
    ...(layered && {
      currentSpatialLayer: currentLayers?.spatialLayer ?? -1,
      currentTemporalLayer: currentLayers?.temporalLayer ?? -1,
      preferredSpatialLayer: preferredLayers?.spatialLayer,
      preferredTemporalLayer: preferredLayers?.temporalLayer,
    }),
  });
}

const parameters = new WeakMap<object, mediasoup.RtpParameters>();

/** They never change, and mediasoup copies them deeply each time it is asked. */
function parametersOf(stream: { readonly rtpParameters: mediasoup.RtpParameters }): mediasoup.RtpParameters {
  let known = parameters.get(stream);
  if (!known) {
    known = stream.rtpParameters;
    parameters.set(stream, known);
  }
  return known;
}

/** mediasoup gives jitter in RTP clock ticks (RFC 3550, section 6.4.1); we carry milliseconds. */
function jitterMs(
  stat: { jitter: number; mimeType: string },
  { codecs }: mediasoup.RtpParameters,
): number | null {
  const clockRate = codecs.find(
    (codec) => codec.mimeType.toLowerCase() === stat.mimeType.toLowerCase(),
  )?.clockRate;
  return clockRate ? (stat.jitter * 1000) / clockRate : null;
}

function encodingIndex(
  { ssrc, rid }: { ssrc: number; rid?: string },
  { encodings = [] }: mediasoup.RtpParameters,
): number | undefined {
  const index = encodings.findIndex((encoding) =>
    rid ? encoding.rid === rid : encoding.ssrc === undefined || encoding.ssrc === ssrc,
  );
  return index < 0 ? undefined : index;
}

/** @param ours in place of what the stat says of the same name; null where nothing is to be said */
function columns(kind: StatsKind, stat: object, ours: Record<string, unknown>): Attributes {
  const theirs = stat as Record<string, unknown>;
  const row: Attributes = {};
  for (const member of kind.members) {
    const own = ours[member.member];
    const value = carried(member, own === undefined ? theirs[member.member] : own);
    if (value !== undefined) row[member.column] = value;
  }
  return row;
}

function carried({ type }: Member, value: unknown): string | number | boolean | undefined {
  switch (type) {
    case 'flag':
      return typeof value === 'boolean' ? value : undefined;
    case 'word':
    case 'id':
      return typeof value === 'string' ? value : undefined;
    default: {
      if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
      return type === 'gauge' ? value : Math.round(value);
    }
  }
}
