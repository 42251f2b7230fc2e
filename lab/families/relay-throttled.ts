/** All go through one TURN relay, and the relay's own line becomes too narrow. */
import { everybody, ofRelay } from './effects.ts';
import { type Family, faultMs } from './family.ts';
import { bySeverity } from './line.ts';

/** Each way, for all three together: they send about 1 Mbit/s and receive about 1.7. */
const kilobits = bySeverity(1_400, 900, 400);

export const relayThrottled: Family = {
  name: 'relay-throttled',
  fault: 'three participants behind one TURN relay, whose line is throttled in both directions',
  severities: bySeverity('1.4 Mbit/s', '900 kbit/s', '400 kbit/s'),
  plan: (severity, cast) => ({
    seats: Object.fromEntries(everybody(cast).map((seat) => [seat, { relay: 'udp' as const }])),
    steps: (['up', 'down'] as const).map((direction) => ({
      action: {
        kind: 'relay_line',
        direction,
        change: { bandwidth: { bitrateBps: kilobits[severity] * 1000, queueMs: 300 } },
      },
    })),
    faultMs,
    expected: [
      {
        guilty: null,
        hops: ['relay'],
        kinds: ['relay_degraded', 'downlink_congestion', 'uplink_congestion'],
      },
    ],
    sideEffects: ofRelay,
    affected: everybody(cast),
  }),
};
