/** A publisher that sends one layer, and one receiver whose line is too slow for it: nothing lower can be sent. */
import { ofDownlink } from './effects.ts';
import { type Family, faultMs } from './family.ts';
import { bySeverity } from './line.ts';

const kilobits = bySeverity(450, 250, 120);

export const noSimulcast: Family = {
  name: 'no-simulcast',
  fault: 'one publisher sends a single layer, and one receiver’s downlink cannot carry it',
  severities: bySeverity('a downlink of 450 kbit/s', 'a downlink of 250 kbit/s', 'a downlink of 120 kbit/s'),
  plan: (severity, { guilty, second }) => ({
    seats: { [guilty]: { devices: { singleLayer: true } } },
    steps: [
      {
        action: {
          kind: 'line',
          seat: second,
          direction: 'down',
          change: { bandwidth: { bitrateBps: kilobits[severity] * 1000, queueMs: 300 } },
        },
      },
    ],
    faultMs,
    expected: [
      // Where the publisher's choice meets the slow line: both names are right.
      { guilty, hops: ['sender_device', 'downlink'], kinds: ['no_simulcast', 'fixed_bitrate'] },
      { guilty: second, hops: ['downlink'], kinds: ['downlink_congestion'] },
    ],
    sideEffects: ofDownlink(second),
    affected: [second],
  }),
};
