/** A firewall that lets no UDP through, from the join on: media over TCP, over a TURN relay by TCP, or not at all. */
import { everybody, ofPath } from './effects.ts';
import type { Family, SeatSetup } from './family.ts';
import { bySeverity } from './line.ts';

const setups = bySeverity<SeatSetup>(
  { udpBlocked: { tcp: true } },
  { relay: 'tcp' },
  { udpBlocked: { tcp: false } },
);
const kinds = bySeverity(
  ['udp_blocked', 'relay_over_tcp'],
  ['relay_over_tcp', 'udp_blocked'],
  ['connection_not_established', 'udp_blocked'],
);

export const udpBlocked: Family = {
  name: 'udp-blocked',
  fault: 'no UDP for one participant, from the join on',
  severities: bySeverity('TCP to the SFU', 'TCP to a TURN relay', 'no TCP either'),
  plan: (severity, cast) => ({
    atJoin: true,
    seats: { [cast.guilty]: setups[severity] },
    steps: [],
    faultMs: 22_000,
    expected: [
      {
        guilty: cast.guilty,
        hops: ['far_network', 'uplink', 'downlink', 'relay'],
        kinds: kinds[severity],
      },
    ],
    sideEffects: [
      ...ofPath(cast.guilty),
      {
        kinds: [
          'udp_blocked',
          'relay_over_tcp',
          'ice_loss',
          'telemetry_gap',
          'track_not_forwarded',
          'unconsumed_track',
        ],
        seats: [cast.guilty],
        hops: ['far_network', 'uplink', 'downlink', 'relay'],
      },
    ],
    affected: severity === 'severe' ? everybody(cast) : [cast.guilty],
  }),
};
