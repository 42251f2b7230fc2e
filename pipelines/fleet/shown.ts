/** The wanted fleet for autoscalers that read it: Prometheus text for HPA's adapter, JSON for KEDA. Pure. */
import type { FleetState } from './view.ts';

/** A figure older than this is not shown: no figure leaves a fleet as it is, an old one may not. */
const freshForMs = 120_000;

export interface FleetStatus {
  readonly region: string;
  readonly wanted: number;
  readonly serving: number;
  readonly draining: number;
  readonly lookedAt: string;
}

export function fleetStatus(region: string, state: FleetState, nowMs: number): FleetStatus | undefined {
  if (nowMs - state.lookedAtMs > freshForMs) return undefined;
  const relays = Object.values(state.relays);
  const count = (wanted: string) => relays.filter((relay) => relay.state === wanted).length;
  return {
    region,
    wanted: state.wanted,
    serving: count('serving'),
    draining: count('draining'),
    lookedAt: new Date(state.lookedAtMs).toISOString(),
  };
}

/** Prometheus text format 0.0.4. */
export function fleetMetricsText(states: ReadonlyMap<string, FleetState>, nowMs = Date.now()): string {
  const lines: string[] = [];
  const family = (name: string, help: string, value: (status: FleetStatus) => number) => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`);
    for (const [region, state] of states) {
      const status = fleetStatus(region, state, nowMs);
      const label = region.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
      if (status) lines.push(`${name}{region="${label}"} ${value(status)}`);
    }
  };
  if (states.size === 0) return '';
  family('callscope_turn_wanted_relays', 'TURN relays that should serve', ({ wanted }) => wanted);
  family('callscope_turn_serving_relays', 'TURN relays that take calls', ({ serving }) => serving);
  family(
    'callscope_turn_draining_relays',
    'TURN relays that only keep their calls',
    ({ draining }) => draining,
  );
  return `${lines.join('\n')}\n`;
}
