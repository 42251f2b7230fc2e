/** Makes the families that are one change of one participant's line, in each direction. */
import type { Direction } from '../network/relay.ts';
import type { LinkChange } from '../network/settings.ts';
import { everybody, ofDownlink, ofPath, ofUplink } from './effects.ts';
import { type Expected, type Family, faultMs, type Severity } from './family.ts';

export interface LineFault {
  /** `loss` makes the families `uplink-loss` and `downlink-loss`. */
  readonly name: string;
  readonly fault: string;
  readonly severities: Readonly<Record<Severity, string>>;
  readonly change: (severity: Severity, direction: Direction) => LinkChange;
  /** Besides the congestion of the direction: kinds that name the same thing more closely, in their order. */
  readonly closer?: readonly string[];
  /** A round trip does not tell in which direction it grew: both are then right. */
  readonly eitherWay?: boolean;
}

export function lineFamily(direction: Direction, spec: LineFault): Family {
  const [hop, congestion] =
    direction === 'up'
      ? (['uplink', 'uplink_congestion'] as const)
      : (['downlink', 'downlink_congestion'] as const);
  return {
    name: `${hop}-${spec.name}`,
    fault: `${spec.fault}, ${direction === 'up' ? 'from one participant to the SFU' : 'from the SFU to one participant'}`,
    severities: spec.severities,
    plan(severity, cast) {
      const { guilty } = cast;
      const expected: Expected = {
        guilty,
        hops: spec.eitherWay ? ['uplink', 'downlink', 'far_network'] : [hop],
        kinds: [...(spec.closer ?? []), congestion],
      };
      const effects = direction === 'up' ? ofUplink(guilty) : ofDownlink(guilty);
      return {
        steps: [
          { action: { kind: 'line', seat: guilty, direction, change: spec.change(severity, direction) } },
        ],
        faultMs,
        expected: [expected],
        sideEffects: spec.eitherWay ? ofPath(guilty) : effects,
        affected: direction === 'up' ? everybody(cast).filter((seat) => seat !== guilty) : [guilty],
      };
    },
  };
}

/** One value a severity. */
export const bySeverity = <T>(mild: T, moderate: T, severe: T): Readonly<Record<Severity, T>> => ({
  mild,
  moderate,
  severe,
});
