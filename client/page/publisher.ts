/** The sending half of a call: one producer for each of microphone, camera and screen. */
import type { types as mediasoup } from 'mediasoup-client';
import type { MediaSource } from '../../telemetry/rows.ts';
import type { Telemetry } from '../sdk/telemetry.ts';
import { cameraEncodings, cameraSize, screenEncodings } from './layers.ts';
import type { Requests } from './signaling.ts';

export class Publisher {
  private readonly transport: mediasoup.Transport;
  private readonly signaling: Requests;
  private readonly telemetry: Telemetry | null;
  private readonly producers = new Map<MediaSource, mediasoup.Producer<Sent>>();
  private audioMaxBitrateBps: number | null = null;
  private less = false;

  constructor(transport: mediasoup.Transport, signaling: Requests, telemetry: Telemetry | null) {
    this.transport = transport;
    this.signaling = signaling;
    this.telemetry = telemetry;
    transport.on('produce', ({ kind, rtpParameters, appData }, done, failed) => {
      const { source, paused } = appData as Sent;
      signaling
        .request('produce', { transportId: transport.id, kind, source, paused, rtpParameters })
        .then(({ producerId }) => done({ id: producerId }), failed);
    });
  }

  /** Its transport is gone, and with it all that was sent. */
  get closed(): boolean {
    return this.transport.closed;
  }

  /**
   * Sends the track; where the source is sent already, in place of the one before. The track stays the
   * caller's to stop.
   *
   * @throws SignalingError when the SFU refuses
   */
  async publish(source: MediaSource, track: MediaStreamTrack, paused = false): Promise<void> {
    const present = this.producers.get(source);
    if (present) {
      await present.replaceTrack({ track });
      if (paused) return this.pause(source);
      present.resume();
      await this.signaling.request('resumeProducer', { producerId: present.id });
      return;
    }
    const coded = coding(source, track);
    const { encodings = [] } = coded;
    const sent: Sent = {
      source,
      paused,
      maxBitrateBps: encodings.reduce((sum, { maxBitrate = 0 }) => sum + maxBitrate, 0),
      lowestMaxBitrateBps: encodings[0]?.maxBitrate ?? 0,
    };
    const producer = await this.transport.produce<Sent>({
      track,
      stopTracks: false,
      ...coded,
      appData: sent,
    });
    if (source !== 'microphone') await producer.setRtpEncodingParameters({ active: true });
    if (paused) producer.pause();
    this.producers.set(source, producer);
    this.telemetry?.bindProducer(producer, source);
    if (this.less) await this.sendLess(true);
    else if (source === 'microphone' && this.audioMaxBitrateBps !== null) {
      await this.boundAudio(this.audioMaxBitrateBps);
    }
  }

  /** What all that it may send takes, with headers, bit/s; 0: no picture is sent. */
  get wantedBps(): number {
    const pictures = [...this.producers.values()].filter(({ kind, paused }) => kind === 'video' && !paused);
    const bps = pictures.reduce((sum, { appData }) => sum + appData.maxBitrateBps, 0);
    return bps === 0 ? 0 : Math.round(bps * withHeaders + soundBps);
  }

  /** @param maxBitrateBps null: no bound */
  async boundAudio(maxBitrateBps: number | null): Promise<void> {
    this.audioMaxBitrateBps = maxBitrateBps;
    const bounds = [maxBitrateBps, this.less ? lessSoundBps : null].filter((bps) => bps !== null);
    const microphone = this.producers.get('microphone');
    const maxBitrate = bounds.length > 0 ? Math.min(...bounds) : undefined;
    await microphone?.setRtpEncodingParameters({ maxBitrate });
  }

  /** For a line that holds less than the lowest layer and the sound take at their least. */
  async sendLess(less: boolean): Promise<void> {
    this.less = less;
    await this.boundAudio(this.audioMaxBitrateBps);
    for (const { rtpSender, kind, appData } of this.producers.values()) {
      if (kind !== 'video' || !rtpSender) continue;
      const parameters = rtpSender.getParameters();
      const [lowest] = parameters.encodings;
      if (!lowest) continue;
      lowest.maxBitrate = less ? lessPictureBps : appData.lowestMaxBitrateBps;
      await rtpSender.setParameters(parameters);
    }
  }

  /** Others see it as switched off; it can be published again at once. */
  async pause(source: MediaSource): Promise<void> {
    const producer = this.producers.get(source);
    if (!producer) return;
    producer.pause();
    await this.signaling.request('pauseProducer', { producerId: producer.id });
  }

  /**
   * After a time without connection: what only one side has is let go of.
   * @param held ids of what the SFU has of ours
   */
  async reconcile(held: readonly string[]): Promise<void> {
    const own = new Map([...this.producers].map(([source, producer]) => [producer.id, source]));
    for (const [id, source] of own) {
      if (held.includes(id)) continue;
      this.producers.get(source)?.close();
      this.producers.delete(source);
    }
    const strays = held.filter((id) => !own.has(id));
    await Promise.all(strays.map((producerId) => this.signaling.request('closeProducer', { producerId })));
  }

  /** Others see it disappear. */
  async unpublish(source: MediaSource): Promise<void> {
    const producer = this.producers.get(source);
    if (!producer) return;
    this.producers.delete(source);
    producer.close();
    await this.signaling.request('closeProducer', { producerId: producer.id });
  }
}

/** What is kept with a producer. */
type Sent = {
  readonly source: MediaSource;
  readonly paused: boolean;
  /** Of all its encodings. */
  readonly maxBitrateBps: number;
  readonly lowestMaxBitrateBps: number;
};

/** RTP, SRTP, UDP and IP headers, and retransmissions. */
const withHeaders = 1.1;
/** Opus with its headers. */
const soundBps = 45_000;
/** Opus is wideband still (RFC 6716, section 2.1.1). */
const lessSoundBps = 16_000;
/** libwebrtc takes a maximum below its usual least of 30 kbit/s for the least. */
const lessPictureBps = 20_000;

function coding(
  source: MediaSource,
  track: MediaStreamTrack,
): Pick<mediasoup.ProducerOptions, 'encodings' | 'codecOptions'> {
  if (source === 'microphone') return { codecOptions: { opusFec: true, opusDtx: true, opusNack: true } };
  if (source === 'screen') return { encodings: screenEncodings.map(held) };
  return {
    encodings: cameraEncodings({ ...cameraSize, ...track.getSettings() }).map(held),
    codecOptions: { videoGoogleStartBitrate: 600 },
  };
}

/**
 * Until the SFU has the producer: before that it drops what comes, and the first key frame of all layers with it, which is a
 * good part of what the encoder may spend in its first second.
 */
const held = (encoding: mediasoup.RtpEncodingParameters): mediasoup.RtpEncodingParameters => ({
  ...encoding,
  active: false,
});
