/**
 * One direction of a path as a pure model: a packet comes at a time, and the answer is when it is delivered, or
 * why it is not. No sockets, no timers, no clock: the relay adds those, the tests need none.
 *
 * Order of effects: cut-off, loss, bottleneck, delay. Each packet takes the same count of random numbers
 * whatever the settings, from a stream of its own per effect: what is lost depends on the seed, the settings of
 * loss and the packet's place in the sequence, never on timing or on other effects.
 */
import { createBottleneck } from './bottleneck.ts';
import { createRandom } from './random.ts';
import { changedLink, cleanLink, type LinkChange, type LinkSettings } from './settings.ts';

export const dropReasons = ['cut_off', 'loss', 'burst_loss', 'queue_full'] as const;
export type DropReason = (typeof dropReasons)[number];

/** `deliverAtMs`: one time, or two for a duplicated packet. */
export type Fate = { dropped: DropReason } | { dropped: null; deliverAtMs: number[]; reordered: boolean };

export interface Link {
  readonly settings: LinkSettings;
  /** Applies to packets that come from now on; those on their way keep the time they were given. */
  change(change: LinkChange): void;
  /** @param nowMs on any clock, never falling */
  offer(payloadBytes: number, nowMs: number): Fate;
  queueMs(nowMs: number): number;
}

/** @param label names the direction, so that both of a path differ under one seed */
export function createLink(seed: number, label: string, change: LinkChange = {}): Link {
  let settings = changedLink(cleanLink, change);
  const lossRandom = createRandom(seed, `${label}/loss`);
  const burstRandom = createRandom(seed, `${label}/burst`);
  const jitterRandom = createRandom(seed, `${label}/jitter`);
  const reorderRandom = createRandom(seed, `${label}/reorder`);
  const duplicateRandom = createRandom(seed, `${label}/duplicate`);
  const bottleneck = createBottleneck();
  let inBadState = false;
  let lastDeliveryMs = Number.NEGATIVE_INFINITY;

  /** The state decides on the packet, then may change: mean stay in the bad state 1/r packets. */
  function lostInBurst(): boolean {
    const [lossDraw, stateDraw] = [burstRandom(), burstRandom()];
    const model = settings.burstLoss;
    if (!model) {
      inBadState = false;
      return false;
    }
    const lost = lossDraw < (inBadState ? model.badLoss : model.goodLoss);
    if (stateDraw < (inBadState ? model.r : model.p)) inBadState = !inBadState;
    return lost;
  }

  return {
    get settings() {
      return settings;
    },
    change(next) {
      settings = changedLink(settings, next);
    },
    queueMs: (nowMs) => bottleneck.queueMs(nowMs),
    offer(payloadBytes, nowMs) {
      const lost = lossRandom() < settings.lossRatio;
      const burstLost = lostInBurst();
      const jitter = (2 * jitterRandom() - 1) * settings.jitterMs;
      const heldBack = reorderRandom() < settings.reorderRatio;
      const duplicated = duplicateRandom() < settings.duplicateRatio;
      if (settings.cutOff) return { dropped: 'cut_off' };
      if (lost) return { dropped: 'loss' };
      if (burstLost) return { dropped: 'burst_loss' };

      let departMs = nowMs;
      if (settings.bandwidth) {
        const admitted = bottleneck.admit(payloadBytes, nowMs, settings.bandwidth);
        if (admitted === null) return { dropped: 'queue_full' };
        departMs = admitted;
      }
      let deliveryMs = departMs + Math.max(0, settings.delayMs + jitter);
      const reordered = heldBack && settings.reorderByMs > 0;
      if (reordered) {
        deliveryMs += settings.reorderByMs;
      } else {
        // Also keeps order where delay or bandwidth was eased while packets were on their way.
        if (!settings.jitterReorders) deliveryMs = Math.max(deliveryMs, lastDeliveryMs);
        lastDeliveryMs = Math.max(lastDeliveryMs, deliveryMs);
      }
      return { dropped: null, deliverAtMs: duplicated ? [deliveryMs, deliveryMs] : [deliveryMs], reordered };
    },
  };
}
