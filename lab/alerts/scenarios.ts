/**
 * What may go wrong with a service, each with the one alert that it must raise: the region that loses joins, and the
 * five failures of the design. Minutes count from the fault.
 */
import type { Severity } from '../../telemetry/alerts.ts';
import type { FleetOptions } from './fleet.ts';

export interface Expected {
  readonly severity: Severity;
  readonly slo: string;
  /** Whom the alert is about; '' for everybody. */
  readonly scope: string;
  /** The likeliest common factor; '' for none. */
  readonly factor: string;
  /** Part of the first line. */
  readonly says: RegExp;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** Quiet before the fault, minutes. */
  readonly before: number;
  /** Evaluated after its beginning, minutes. */
  readonly after: number;
  /** Minutes that the fault lasts; undefined: to the end. */
  readonly lasts?: number;
  readonly fleet: (fault: number) => Pick<FleetOptions, 'joinsPerMinute' | 'trouble' | 'recordings'>;
  readonly expected: Expected;
  /** Whether its end is seen within `after`. */
  readonly ends: boolean;
}

const joinsPerMinute = 20;
const within = (minute: number, fault: number, lasts: number) => minute >= fault && minute < fault + lasts;

export const scenarios: readonly Scenario[] = [
  {
    name: 'region-joins',
    title: 'a region loses 20 % of joins',
    before: 60,
    after: 80,
    lasts: 30,
    ends: true,
    fleet: (fault) => ({
      joinsPerMinute,
      trouble: ({ country, index }, minute) =>
        within(minute, fault, 30) && country === 'DE' && Math.floor(index / 4) % 5 === 0
          ? { joinError: 'ICE failed after 15000 ms', incident: 'connection_not_established' }
          : {},
    }),
    expected: {
      severity: 'page',
      slo: 'join-success',
      scope: 'country=DE',
      factor: 'country=DE',
      says: /^Join success in country DE: \d+ of \d+ people .* cannot join since .*country DE \(\d+ of \d+ there, 0 of \d+ elsewhere; relative risk .*\d+ say "ICE failed after # ms"; \d+ have connection_not_established/,
    },
  },
  {
    name: 'sfu-crash',
    title: 'an SFU node crashes and is replaced after six minutes',
    before: 60,
    after: 45,
    lasts: 6,
    ends: false,
    fleet: (fault) => ({
      joinsPerMinute,
      trouble: ({ node }, minute) =>
        node === 'sfu-2' && within(minute, fault, 6)
          ? { joinError: 'signaling: socket closed with 1006', incident: 'sfu_death' }
          : {},
    }),
    expected: {
      severity: 'page',
      slo: 'join-success',
      scope: '',
      factor: 'sfu_node_id=sfu-2',
      says: /socket closed with #"; \d+ have sfu_death/,
    },
  },
  {
    name: 'turn-overload',
    title: 'relays are full: those who need one cannot connect',
    before: 60,
    after: 45,
    lasts: 12,
    ends: false,
    fleet: (fault) => ({
      joinsPerMinute,
      trouble: ({ operator }, minute) =>
        operator === 'o3' && within(minute, fault, 12)
          ? { joinError: 'ICE failed: relay answered 486', incident: 'relay_degraded' }
          : {},
    }),
    expected: {
      severity: 'page',
      slo: 'join-success',
      scope: '',
      factor: 'operator=o3',
      says: /relay answered #"; \d+ have relay_degraded/,
    },
  },
  {
    name: 'signaling-partition',
    title: 'signaling is cut off from a country',
    before: 60,
    after: 45,
    lasts: 8,
    ends: false,
    fleet: (fault) => ({
      joinsPerMinute,
      trouble: ({ country }, minute) =>
        country === 'BR' && within(minute, fault, 8) ? { joinError: 'signaling: no answer within 10 s' } : {},
    }),
    expected: {
      severity: 'page',
      slo: 'join-success',
      scope: 'country=BR',
      factor: 'country=BR',
      says: /in country BR: .*no answer within # s"/,
    },
  },
  {
    name: 'recording-lag',
    title: 'recordings are no longer uploaded',
    before: 60,
    after: 45,
    ends: false,
    fleet: (fault) => ({
      joinsPerMinute,
      recordings: (minute) =>
        minute < fault ? { stopped: 2, stored: 2, failed: 0 } : { stopped: 2, stored: 0, failed: 0 },
    }),
    expected: {
      severity: 'page',
      slo: 'recording',
      scope: '',
      factor: '',
      says: /recordings end, but none is stored since/,
    },
  },
  {
    // A ticket: the loop lowers layers and people still hear each other; nobody can mend an operator's network by night.
    name: 'congestion',
    title: 'the network of the largest operator is congested',
    before: 60,
    after: 45,
    ends: false,
    fleet: (fault) => ({
      joinsPerMinute,
      trouble: ({ operator }, minute) =>
        operator === 'o1' && minute >= fault ? { lossRatio: 0.06, incident: 'downlink_congestion' } : {},
    }),
    expected: {
      severity: 'ticket',
      slo: 'loss',
      scope: '',
      factor: 'operator=o1',
      says: /lose more than 1 % of packets since .*have downlink_congestion/,
    },
  },
];
