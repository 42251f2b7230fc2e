/**
 * One consumer under two wills: what the client asked for (resumed, preferred layers) and what decisions
 * allow. The stream is sent when both want it, at the lower of both bounds.
 */
import type { types as mediasoup } from 'mediasoup';
import type { MediaSource } from '../telemetry/rows.ts';
import { effectiveLayers, type Layers, noLimit, sameLayers, type VideoLimit } from './media/layers.ts';

export interface ReceivedStreamOptions {
  readonly consumer: mediasoup.Consumer;
  readonly source: MediaSource;
  readonly transportId: string;
  readonly limit: VideoLimit;
  /** The decision's hold on the stream began or ended, for a client that has asked for it. */
  readonly onHold: (held: boolean, reason: string) => void;
}

export class ReceivedStream {
  readonly consumer: mediasoup.Consumer;
  readonly source: MediaSource;
  readonly transportId: string;
  readonly #onHold: (held: boolean, reason: string) => void;
  #limit: VideoLimit = noLimit;
  #wish: Layers | null = null;
  /** The client has it and wants it sent. */
  #wanted = false;
  /** What the client was last told. */
  #told = false;
  /** What the worker was last asked for. */
  #asked: { paused: boolean; layers: Layers | null } = { paused: true, layers: null };
  #settling: Promise<void> = Promise.resolve();

  constructor({ consumer, source, transportId, limit, onHold }: ReceivedStreamOptions) {
    this.consumer = consumer;
    this.source = source;
    this.transportId = transportId;
    this.#onHold = onHold;
    this.#limit = limit;
  }

  /** Why a decision holds it back; null while none does. */
  get heldFor(): string | null {
    return this.#told ? this.#limit.reason : null;
  }

  /** The client asks for the stream. */
  resume(): Promise<void> {
    this.#wanted = true;
    return this.#settle();
  }

  /** What the page can make use of. */
  wish(layers: Layers): Promise<void> {
    this.#wish = layers;
    return this.#settle();
  }

  limit(limit: VideoLimit): Promise<void> {
    this.#limit = limit;
    return this.#settle();
  }

  /** Brings the worker to what holds now; steps of one stream never overtake each other. */
  #settle(): Promise<void> {
    const step = this.#settling
      .then(() => this.#apply())
      .catch((error: unknown) => {
        // Its producer may close at any moment; a stream that is gone needs no more settling.
        if (!this.consumer.closed) throw error;
      });
    // The caller sees a failure; the next step starts afresh from it.
    this.#settling = step.catch(() => {});
    return step;
  }

  async #apply(): Promise<void> {
    const { consumer } = this;
    if (consumer.closed) return;
    const held = consumer.kind === 'video' ? this.#limit.paused : this.#limit.silent;
    const paused = held || !this.#wanted;
    const layers = this.#layers();
    // The lower layer first, so that a stream never resumes above its bound.
    if (layers && !sameLayers(layers, this.#asked.layers)) {
      await consumer.setPreferredLayers(layers);
      this.#asked.layers = layers;
    }
    if (paused !== this.#asked.paused) {
      await (paused ? consumer.pause() : consumer.resume());
      this.#asked.paused = paused;
    }
    // A moment without sound is nothing to be told.
    if (consumer.kind === 'video' && this.#wanted && held !== this.#told) {
      this.#told = held;
      this.#onHold(held, this.#limit.reason);
    }
  }

  /** null while nobody has asked for anything: mediasoup then prefers the highest. */
  #layers(): Layers | null {
    if (this.consumer.kind !== 'video') return null;
    const cap = this.source === 'camera' ? this.#limit.cap : null;
    if (!cap && !this.#wish && !this.#asked.layers) return null;
    return effectiveLayers(this.#wish, cap);
  }
}
