/**
 * A simulated week of relayed load, minute-fine waves per region: working days of three continents, meetings that
 * begin on the hour and half hour, some all-hands spikes that nobody announced. In relays: 1 fills one relay.
 */
import { type Random, randomFrom } from './random.ts';

export const regions = ['eu', 'us', 'ap'] as const;
export type Region = (typeof regions)[number];

export const stepMs = 15_000;
export const weekMs = 7 * 24 * 3_600_000;
export const steps = weekMs / stepMs;

/** Hours by which the region's noon comes before that of UTC. */
const utcOffsetHours: Record<Region, number> = { eu: 1, us: -6, ap: 8 };
/** Relays that an ordinary working noon fills. */
const noonLoad: Record<Region, number> = { eu: 26, us: 34, ap: 18 };

/** Load at each step. */
export function demandOf(region: Region, seed: number): Float64Array {
  const random = randomFrom(seed * 7919 + regions.indexOf(region) * 104_729);
  const load = new Float64Array(steps);
  const spikes = spikesOf(random);
  const dayFactor = Array.from({ length: 8 }, () => 0.9 + 0.2 * random());
  let drift = 0;
  for (let step = 0; step < steps; step++) {
    const hour = (step * stepMs) / 3_600_000 + utcOffsetHours[region] + 24;
    const factor = weekday(hour) * between(dayFactor, hour / 24 - 1);
    drift = drift * 0.999 + (random() - 0.5) * 0.004;
    const base = noonLoad[region] * (0.1 + 0.9 * workday(hour % 24)) * factor;
    const spike = spikes.reduce(
      (sum, one) => sum + one.size * pulse(step, one.atStep, one.riseSteps, one.holdSteps),
      0,
    );
    load[step] = Math.max(0.05, base * (1 + meetings(hour) + drift) + spike * noonLoad[region]);
  }
  return load;
}

/** 1 on working days, a quarter at weekends; one becomes the other in the first four hours of the day. */
function weekday(hour: number): number {
  const day = Math.floor(hour / 24);
  const level = (of: number) => (of % 7 >= 5 ? 0.25 : 1);
  const share = Math.min(1, (hour - day * 24) / 4);
  return level(day + 6) * (1 - share) + level(day) * share;
}

/** 0 at night, 1 in the busy hours, a dip at lunch. */
function workday(hour: number): number {
  const rise = 1 / (1 + Math.exp(-(hour - 8.5) * 2));
  const fall = 1 / (1 + Math.exp((hour - 17.5) * 1.6));
  const lunch = 0.2 * Math.exp(-((hour - 12.5) ** 2) / 0.5);
  return rise * fall * (1 - lunch);
}

/** Meetings fill within five minutes of the hour and half hour, and thin out before the next. */
function meetings(hour: number): number {
  const minute = (hour * 60) % 30;
  const filled = minute < 5 ? minute / 5 : minute > 25 ? (30 - minute) / 5 : 1;
  return 0.1 * (filled - 0.5);
}

interface Spike {
  readonly atStep: number;
  readonly size: number;
  readonly riseSteps: number;
  readonly holdSteps: number;
}

/** Two or three a week: a third to two thirds of a noon on top, within 6 to 12 minutes, for up to an hour. */
function spikesOf(random: Random): Spike[] {
  return Array.from({ length: 2 + Math.floor(random() * 2) }, () => ({
    atStep: Math.floor(random() * steps * 0.98),
    size: 0.33 + random() * 0.33,
    riseSteps: Math.round((6 + random() * 6) * (60_000 / stepMs)),
    holdSteps: Math.round((20 + random() * 40) * (60_000 / stepMs)),
  }));
}

function pulse(step: number, at: number, rise: number, hold: number): number {
  const since = step - at;
  if (since < 0) return 0;
  // Joins are few, many, few again.
  if (since < rise) return (1 - Math.cos((Math.PI * since) / rise)) / 2;
  return since < rise + hold ? 1 : Math.exp(-(since - rise - hold) / rise);
}

/** Days pass into one another. */
function between(values: readonly number[], at: number): number {
  const from = Math.max(0, Math.floor(at));
  const share = Math.max(0, at - from);
  return (
    (values[from % values.length] ?? 1) * (1 - share) + (values[(from + 1) % values.length] ?? 1) * share
  );
}
