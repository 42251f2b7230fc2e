/**
 * One consumer under two wills: what the client asked for (resumed, preferred layers) and what decisions
 * allow. The stream is sent when both want it, at the lower of both bounds.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { types as mediasoup } from 'mediasoup';
import type { MediaSource } from '../telemetry/rows.ts';
import type { KeyFrames } from './KeyFrames.ts';
import { effectiveLayers, type Layers, noLimit, sameLayers, type VideoLimit } from './media/layers.ts';

/** After it began, or its sender did. */
const sharedAgainAfterMs = [150, 350, 700];
/** After its sender began a layer besides others: for 2 s mediasoup does not change to that (StreamMinActiveMs). */
const layerSharedAgainAfterMs = [2_050, 2_400];

export interface ReceivedStreamOptions {
  readonly consumer: mediasoup.Consumer;
  readonly source: MediaSource;
  readonly transportId: string;
  readonly limit: VideoLimit;
  /** Of its sender; null for sound. */
  readonly keyFrames: Pick<KeyFrames, 'waitMs'> | null;
  /** The decision's hold on the stream began or ended, for a client that has asked for it. */
  readonly onHold: (held: boolean, reason: string) => void;
}

export class ReceivedStream {
  readonly consumer: mediasoup.Consumer;
  readonly source: MediaSource;
  readonly transportId: string;
  /** As mediasoup told it last. */
  #score: mediasoup.ConsumerScore;
  #currentLayers: mediasoup.ConsumerLayers | undefined;
  #preferredLayers: mediasoup.ConsumerLayers | undefined;
  readonly #keyFrames: Pick<KeyFrames, 'waitMs'> | null;
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
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor({ consumer, source, transportId, limit, keyFrames, onHold }: ReceivedStreamOptions) {
    this.consumer = consumer;
    this.source = source;
    this.transportId = transportId;
    this.#keyFrames = keyFrames;
    this.#onHold = onHold;
    this.#limit = limit;
    this.#score = consumer.score;
    this.#currentLayers = consumer.currentLayers;
    this.#preferredLayers = consumer.preferredLayers;
    consumer.observer.on('layerschange', (layers) => {
      this.#currentLayers = layers;
    });
    consumer.observer.on('score', (score) => {
      const before = this.#score;
      this.#score = score;
      const begins = score.producerScore > 0 && before.producerScore === 0;
      const layerBegins = score.producerScores.some((of, i) => of > 0 && before.producerScores[i] === 0);
      if (begins) this.#begin();
      else if (layerBegins) this.#shareSoon(layerSharedAgainAfterMs);
    });
    consumer.observer.once('close', () => this.#forgetTimers());
  }

  get producerScore(): number {
    return this.#score.producerScore;
  }

  get currentLayers(): mediasoup.ConsumerLayers | undefined {
    return this.#currentLayers;
  }

  get preferredLayers(): mediasoup.ConsumerLayers | undefined {
    return this.#preferredLayers;
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
      this.#preferredLayers = consumer.preferredLayers;
    }
    if (paused !== this.#asked.paused) {
      const waitMs = paused ? 0 : (this.#keyFrames?.waitMs ?? 0);
      if (waitMs > 0) await delay(waitMs);
      await (paused ? consumer.pause() : consumer.resume());
      this.#asked.paused = paused;
      if (!paused) this.#begin();
    }
    // A moment without sound is nothing to be told.
    if (consumer.kind === 'video' && this.#wanted && held !== this.#told) {
      this.#told = held;
      this.#onHold(held, this.#limit.reason);
    }
  }

  /**
   * mediasoup shares a transport's bandwidth out among its layers once a second, by what each was measured to take, and of
   * a stream that has just begun nothing is measured. So it stays without a picture until then, or at two frames a second.
   * And to a layer that its sender has begun anew it changes only with a later sharing than the one of its beginning.
   */
  #shareSoon(afterMs: readonly number[]): void {
    if (this.consumer.type !== 'simulcast') return;
    for (const ms of afterMs) {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        this.#shareAgain();
      }, ms);
      this.#timers.add(timer);
    }
  }

  #begin(): void {
    this.#forgetTimers();
    this.#shareSoon(sharedAgainAfterMs);
  }

  #forgetTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  /** A change of the preferred layers makes it share at once; the bound is never exceeded for it. */
  #shareAgain(): void {
    const { consumer } = this;
    const step = async () => {
      const { spatialLayer = 0, temporalLayer = 0 } = this.#preferredLayers ?? {};
      const has = this.#currentLayers;
      if (temporalLayer === 0 || this.#asked.paused || consumer.closed) return;
      if (has?.spatialLayer === spatialLayer && has.temporalLayer === temporalLayer) return;
      // Both at once: nothing is sent in between.
      await Promise.all([
        consumer.setPreferredLayers({ spatialLayer, temporalLayer: temporalLayer - 1 }),
        consumer.setPreferredLayers({ spatialLayer, temporalLayer }),
      ]);
    };
    this.#settling = this.#settling.then(step).catch(() => {});
  }

  /** null while nobody has asked for anything: mediasoup then prefers the highest. */
  #layers(): Layers | null {
    if (this.consumer.kind !== 'video') return null;
    const cap = this.source === 'camera' ? this.#limit.cap : null;
    if (!cap && !this.#wish && !this.#asked.layers) return null;
    return effectiveLayers(this.#wish, cap);
  }
}
