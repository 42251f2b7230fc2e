/** Nothing is wrong: whatever is found here is a false alarm. */
import type { Family, Plan, Severity } from './family.ts';

/** As long as a call with a fault and its tail. */
const faultMs = 15_000;

const steps: Record<Severity, (guilty: number, second: number) => Plan['steps']> = {
  mild: () => [],
  // A home connection at rest: the round trip of a continent, a little jitter, a packet lost in 500.
  moderate: (guilty, second) =>
    [guilty, second].flatMap((seat) =>
      (['up', 'down'] as const).map((direction) => ({
        action: {
          kind: 'line' as const,
          seat,
          direction,
          change: { delayMs: 40, jitterMs: 4, lossRatio: 0.002 },
        },
      })),
    ),
  // What people do with the buttons is no fault.
  severe: (guilty, second) => [
    { action: { kind: 'press', seat: guilty, button: 'microphone' }, forMs: 6_000 },
    { atMs: 2_000, action: { kind: 'press', seat: second, button: 'camera' }, forMs: 7_000 },
  ],
};

export const clean: Family = {
  name: 'clean',
  fault: 'none: there is nothing to find',
  severities: {
    mild: 'three people, nothing happens',
    moderate: 'two of them on ordinary home lines: 40 ms each way, ±4 ms, 0.2 % loss',
    severe: 'one mutes and unmutes, one switches the camera off and on',
  },
  plan: (severity, { guilty, second }) => ({
    steps: steps[severity](guilty, second),
    faultMs,
    expected: [],
    sideEffects: [],
    affected: [],
  }),
};
