/** Nothing passes, either way, for a while: a changed network, a lift, a pulled cable. */
import { everybody, ofPath } from './effects.ts';
import type { Family } from './family.ts';
import { bySeverity } from './line.ts';

const lastsMs = bySeverity(3_000, 8_000, 40_000);

export const cutOff: Family = {
  name: 'cut-off',
  fault: 'nothing passes one participant’s line, either way',
  severities: bySeverity('3 s', '8 s', '40 s'),
  plan: (severity, cast) => ({
    steps: (['up', 'down'] as const).map((direction) => ({
      action: { kind: 'line', seat: cast.guilty, direction, change: { cutOff: true } },
    })),
    faultMs: lastsMs[severity],
    expected: [
      {
        guilty: cast.guilty,
        hops: ['far_network', 'uplink', 'downlink'],
        // Three seconds are over before silence is certain: what its end leaves behind tells of it as well.
        kinds:
          severity === 'mild'
            ? ['ice_loss', 'freeze', 'downlink_congestion', 'uplink_congestion']
            : ['ice_loss'],
      },
    ],
    sideEffects: ofPath(cast.guilty),
    affected: everybody(cast),
  }),
};
