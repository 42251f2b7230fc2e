/** The receiving half of a call: a consumer for everything that others send. */
import { type types as mediasoup, parseScalabilityMode } from 'mediasoup-client';
import type { ProducerInfo } from '../../telemetry/signaling.ts';
import type { Telemetry } from '../sdk/telemetry.ts';
import { wishedSpatialLayer } from './layers.ts';
import { type Requests, SignalingError } from './signaling.ts';
import type { Action } from './state.ts';

/** All three temporal layers: frames are given up by decision or bandwidth, not by tile size. */
const allTemporalLayers = 2;

interface Received {
  readonly consumer: mediasoup.Consumer;
  readonly spatialLayers: number;
  wish?: number;
  /** The SFU knows that we are ready for it. */
  started: boolean;
}

export interface ReceiverOptions {
  readonly transport: mediasoup.Transport;
  readonly device: mediasoup.Device;
  readonly signaling: Requests;
  readonly telemetry: Telemetry | null;
  readonly dispatch: (action: Action) => void;
}

export class Receiver {
  private readonly options: ReceiverOptions;
  private readonly received = new Map<string, Received>();

  constructor(options: ReceiverOptions) {
    this.options = options;
  }

  /** @throws SignalingError, e.g. `not_found` when the producer closed meanwhile */
  async consume({ producerId, participantId, source }: ProducerInfo): Promise<void> {
    const { transport, device, signaling, telemetry, dispatch } = this.options;
    const rtpCapabilities = device.recvRtpCapabilities;
    const { consumerId, kind, rtpParameters } = await signaling.request('consume', {
      producerId,
      rtpCapabilities,
    });
    // Known before it plays: the SFU may hold it back by a decision from its first moment.
    dispatch({ type: 'consuming', producerId, consumerId, track: null });
    const consumer = await transport.consume({
      id: consumerId,
      producerId,
      kind,
      rtpParameters,
      // Sound and picture of one camera are played in step (lip sync); a screen goes by itself.
      streamId: `${participantId}-${source === 'screen' ? 'screen' : 'camera'}`,
    });
    const mode = parseScalabilityMode(rtpParameters.encodings?.[0]?.scalabilityMode);
    const received: Received = { consumer, spatialLayers: mode.spatialLayers, started: false };
    this.received.set(consumerId, received);
    telemetry?.bindConsumer(consumer, source);
    dispatch({ type: 'consuming', producerId, consumerId, track: consumer.track });
    await this.start(received);
  }

  /**
   * After a time without connection: what is gone is forgotten, and what did not arrive at the SFU is asked for again.
   * @returns what there is to receive and is not received yet
   */
  reconcile(producers: readonly ProducerInfo[]): ProducerInfo[] {
    const missing = new Map(producers.map((producer) => [producer.producerId, producer]));
    for (const received of [...this.received.values()]) {
      const { producerId } = received.consumer;
      if (!missing.delete(producerId)) this.forget({ producerId });
      else void this.renew(received).catch(ignoreLoss);
    }
    return [...missing.values()];
  }

  private async renew(received: Received): Promise<void> {
    if (!received.started) await this.start(received);
    if (received.wish !== undefined) await this.prefer(received, received.wish);
  }

  private async start(received: Received): Promise<void> {
    await this.options.signaling.request('resumeConsumer', { consumerId: received.consumer.id });
    received.started = true;
  }

  /** The consumer or its producer is gone at the SFU. */
  forget(gone: { consumerId: string } | { producerId: string }): void {
    for (const [consumerId, { consumer }] of this.received) {
      const hit =
        'consumerId' in gone ? consumerId === gone.consumerId : consumer.producerId === gone.producerId;
      if (!hit) continue;
      consumer.close();
      this.received.delete(consumerId);
    }
  }

  /** @param lines height of the picture on the screen, device pixels */
  async displayed(consumerId: string, lines: number): Promise<void> {
    const received = this.received.get(consumerId);
    if (!received || received.spatialLayers < 2) return;
    const spatialLayer = wishedSpatialLayer(lines, received.spatialLayers, received.wish);
    if (spatialLayer === received.wish) return;
    received.wish = spatialLayer;
    await this.prefer(received, spatialLayer);
  }

  private async prefer({ consumer }: Received, spatialLayer: number): Promise<void> {
    await this.options.signaling.request('setPreferredLayers', {
      consumerId: consumer.id,
      spatialLayer,
      temporalLayer: allTemporalLayers,
    });
  }
}

/** Whatever is lost again is asked for again. */
function ignoreLoss(error: unknown): void {
  if (!(error instanceof SignalingError)) throw error;
}
