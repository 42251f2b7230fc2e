/** What the routers speak, and what of it clients are offered. Plain rules; no worker needed. */
import type { types as mediasoup } from 'mediasoup';

export const mediaCodecs: mediasoup.RouterRtpCodecCapability[] = [
  {
    kind: 'audio',
    mimeType: 'audio/opus',
    clockRate: 48_000,
    channels: 2,
    // RFC 7587, section 6.1: in-band FEC repairs single losses, DTX sends next to nothing in silence.
    parameters: { useinbandfec: 1, usedtx: 1 },
  },
  { kind: 'video', mimeType: 'video/VP8', clockRate: 90_000 },
];

/**
 * Header extensions that are kept from clients.
 *
 * `abs-capture-time`: once it is negotiated, mediasoup 3.27's simulcast consumer waits for a capture-time
 * mapping before it switches spatial layers; browsers do not send it, and the consumer then stays where it is:
 * neither `setPreferredLayers` nor a falling bandwidth estimate moves it.
 */
const withheldExtensions: ReadonlySet<string> = new Set([
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time',
]);

/** Copy of the capabilities or parameters without the withheld extensions. */
export function withoutWithheldExtensions<T extends { headerExtensions?: { uri: string }[] }>(given: T): T {
  if (!given.headerExtensions) return given;
  return {
    ...given,
    headerExtensions: given.headerExtensions.filter(({ uri }) => !withheldExtensions.has(uri)),
  };
}

/**
 * What a producer sends, as mediasoup forwards it well.
 *
 * A single VP8 encoding says nothing of temporal layers: mediasoup 3.27 takes one encoding with layers for SVC whatever
 * the codec, and of VP8 its SVC forwarding lets a key frame pass by and starts in the middle of a picture. One receiver
 * in seven then waited a second and more for the first one (measured with shared screens).
 */
export function producible(given: mediasoup.RtpParameters): mediasoup.RtpParameters {
  const parameters = withoutWithheldExtensions(given);
  // As a client sent it: what is missing or wrong is the worker's to refuse, with its reason.
  const { codecs, encodings } = parameters as Partial<mediasoup.RtpParameters>;
  if (!Array.isArray(codecs) || !Array.isArray(encodings)) return parameters;
  const [only, ...more] = encodings;
  const isVp8 = codecs.some((codec) => String(codec?.mimeType).toLowerCase() === 'video/vp8');
  if (!only || more.length > 0 || !isVp8) return parameters;
  const { scalabilityMode: _, ...encoding } = only;
  return { ...parameters, encodings: [encoding] };
}

/** Two remote cameras at their middle layer and audio fit, so the first seconds are watchable. */
const initialBps = 1_000_000;
/** Two remote cameras at their lowest layer and audio. */
const leastInitialBps = 300_000;

/**
 * Where a transport's send-side estimate starts, bit/s; probing raises it within seconds where the link holds more.
 * @param lastBps what the transport's predecessor ended with: that of a link that fell may stick far below what it holds
 */
export const initialEstimateBps = (lastBps: number | null): number =>
  lastBps === null ? initialBps : Math.max(leastInitialBps, Math.round(lastBps));
