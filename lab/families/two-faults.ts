/** Two participants, two faults, at once: neither may hide the other. */
import { everybody, ofDownlink, ofSenderDevice, ofUplink } from './effects.ts';
import { type Cast, type Family, faultMs, type Plan, type Severity, type Step } from './family.ts';
import { bySeverity } from './line.ts';

const plans: Record<Severity, (cast: Cast) => Pick<Plan, 'seats' | 'steps' | 'expected' | 'sideEffects'>> = {
  mild: ({ guilty, second }) => ({
    steps: [loss(guilty, 'down', 0.05), loss(second, 'up', 0.05)],
    expected: [
      { guilty, hops: ['downlink'], kinds: ['downlink_congestion'] },
      { guilty: second, hops: ['uplink'], kinds: ['uplink_congestion'] },
    ],
    sideEffects: [...ofDownlink(guilty), ...ofUplink(second)],
  }),
  moderate: ({ guilty, second }) => ({
    seats: { [second]: { devices: { camera: 'handled' } } },
    steps: [
      line(guilty, 'down', { bandwidth: { bitrateBps: 250_000, queueMs: 300 } }),
      { action: { kind: 'camera', seat: second, mode: 'stopped' } },
    ],
    expected: [
      { guilty, hops: ['downlink'], kinds: ['downlink_congestion'] },
      { guilty: second, hops: ['sender_device'], kinds: ['video_source_frozen', 'freeze'] },
    ],
    sideEffects: [...ofDownlink(guilty), ...ofSenderDevice(second)],
  }),
  severe: ({ guilty, second }) => ({
    steps: [loss(guilty, 'down', 0.2), loss(second, 'up', 0.2)],
    expected: [
      { guilty, hops: ['downlink'], kinds: ['downlink_congestion'] },
      { guilty: second, hops: ['uplink'], kinds: ['uplink_congestion'] },
    ],
    sideEffects: [...ofDownlink(guilty), ...ofUplink(second)],
  }),
};

type LineAction = Extract<Step['action'], { kind: 'line' }>;

function line(seat: number, direction: LineAction['direction'], change: LineAction['change']): Step {
  return { action: { kind: 'line', seat, direction, change } };
}

const loss = (seat: number, direction: LineAction['direction'], lossRatio: number) =>
  line(seat, direction, { lossRatio });

export const twoFaults: Family = {
  name: 'two-faults',
  fault: 'two faults at two participants at once',
  severities: bySeverity(
    '5 % loss down at one, 5 % up at another',
    '250 kbit/s down at one, a stopped camera at another',
    '20 % loss down at one, 20 % up at another',
  ),
  plan: (severity, cast) => ({
    ...plans[severity](cast),
    faultMs,
    affected: everybody(cast),
  }),
};
