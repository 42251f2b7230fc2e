/**
 * Who speaks: mediasoup's active speaker observer names the dominant one, its audio level observer says when
 * nobody does (the former never does).
 */
import type { types as mediasoup } from 'mediasoup';

/** How often the dominant speaker may change, ms: quick enough to follow a conversation. */
const speakerIntervalMs = 300;
/** How long nobody may speak before nobody is dominant, ms: longer than the pauses within a sentence. */
const silenceIntervalMs = 2_000;
/** Below this everybody counts as silent, dBov (RFC 6464: 0 is loudest, -127 silence). */
const silenceDbov = -60;

export class Speakers {
  readonly #active: mediasoup.ActiveSpeakerObserver;
  readonly #levels: mediasoup.AudioLevelObserver;
  #dominant: string | null = null;

  /** @param onChange producer of the dominant speaker, or null when nobody speaks */
  static async observe(
    router: mediasoup.Router,
    onChange: (producerId: string | null) => void,
  ): Promise<Speakers> {
    const [active, levels] = await Promise.all([
      router.createActiveSpeakerObserver({ interval: speakerIntervalMs }),
      router.createAudioLevelObserver({ interval: silenceIntervalMs, threshold: silenceDbov, maxEntries: 1 }),
    ]);
    return new Speakers(active, levels, onChange);
  }

  private constructor(
    active: mediasoup.ActiveSpeakerObserver,
    levels: mediasoup.AudioLevelObserver,
    onChange: (producerId: string | null) => void,
  ) {
    this.#active = active;
    this.#levels = levels;
    const change = (producerId: string | null) => {
      if (producerId === this.#dominant) return;
      this.#dominant = producerId;
      onChange(producerId);
    };
    active.on('dominantspeaker', ({ producer }) => change(producer.id));
    levels.on('silence', () => change(null));
    // After a silence the active speaker observer says nothing when the same person goes on.
    levels.on('volumes', ([loudest]) => {
      if (this.#dominant === null && loudest) change(loudest.producer.id);
    });
  }

  /** Counts a producer in; video is left out. It leaves by itself when it closes. */
  async add(producer: mediasoup.Producer): Promise<void> {
    if (producer.kind !== 'audio' || producer.closed) return;
    const { id: producerId } = producer;
    await Promise.all([
      this.#active.addProducer({ producerId }),
      this.#levels.addProducer({ producerId }),
    ]).catch(() => {
      // Closed meanwhile: nothing left to listen to.
    });
  }
}
