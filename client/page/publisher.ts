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
  private readonly producers = new Map<MediaSource, mediasoup.Producer>();
  private audioMaxBitrateBps: number | null = null;

  constructor(transport: mediasoup.Transport, signaling: Requests, telemetry: Telemetry | null) {
    this.transport = transport;
    this.signaling = signaling;
    this.telemetry = telemetry;
    transport.on('produce', ({ kind, rtpParameters, appData }, done, failed) => {
      const { source, paused } = appData as { source: MediaSource; paused: boolean };
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
    const producer = await this.transport.produce({
      track,
      stopTracks: false,
      ...coding(source, track),
      appData: { source, paused },
    });
    if (source !== 'microphone') await producer.setRtpEncodingParameters({ active: true });
    if (paused) producer.pause();
    this.producers.set(source, producer);
    this.telemetry?.bindProducer(producer, source);
    if (source === 'microphone' && this.audioMaxBitrateBps !== null) {
      await this.boundAudio(this.audioMaxBitrateBps);
    }
  }

  /** @param maxBitrateBps null: no bound */
  async boundAudio(maxBitrateBps: number | null): Promise<void> {
    this.audioMaxBitrateBps = maxBitrateBps;
    const microphone = this.producers.get('microphone');
    await microphone?.setRtpEncodingParameters({ maxBitrate: maxBitrateBps ?? undefined });
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

function coding(source: MediaSource, track: MediaStreamTrack): Partial<mediasoup.ProducerOptions> {
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
