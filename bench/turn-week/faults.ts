/** What goes wrong in the week: a relay that flaps, relays that die, telemetry that is away for ten minutes. */
import { stepMs, steps } from './demand.ts';
import { randomFrom } from './random.ts';

const perMinute = 60_000 / stepMs;

export interface Faults {
  /** Steps at which one relay of the region dies for good. */
  readonly deaths: ReadonlySet<number>;
  /** From this step one relay goes away and comes back, minute by minute, for half an hour. */
  readonly flapFrom: number;
  readonly flapSteps: number;
  /** Nothing is known of the region in these steps. */
  readonly blindFrom: number;
  readonly blindSteps: number;
}

/** In a working hour where it hurts: chosen among the middle days. */
export function faultsOf(seed: number, regionIndex: number): Faults {
  const random = randomFrom(seed * 15_485_863 + regionIndex * 32_452_843);
  const within = (from: number, to: number) => Math.floor(steps * (from + random() * (to - from)));
  return {
    deaths: new Set([within(0.1, 0.5), within(0.5, 0.9)]),
    flapFrom: within(0.2, 0.6),
    flapSteps: 30 * perMinute,
    blindFrom: within(0.1, 0.7),
    blindSteps: 10 * perMinute,
  };
}

export const isBlind = ({ blindFrom, blindSteps }: Faults, step: number) =>
  step >= blindFrom && step < blindFrom + blindSteps;

/** Whether the flapping relay is away at this step. */
export function isFlappedAway({ flapFrom, flapSteps }: Faults, step: number): boolean {
  const since = step - flapFrom;
  return since >= 0 && since < flapSteps && Math.floor(since / perMinute) % 2 === 0;
}
