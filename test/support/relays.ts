/** What a relay tells of itself while nothing is the matter with it. */
import type { RelayHeartbeat } from '../../telemetry/relays.ts';

export const heartbeatOf = (
  relayId: string,
  region: string,
  change: Partial<RelayHeartbeat> = {},
): RelayHeartbeat => ({
  relayId,
  region,
  urls: [`turn:${relayId}.example:3478?transport=udp`],
  state: 'serving',
  healthy: true,
  startedMs: 1,
  load: 0.1,
  allocations: 1,
  opened: 1,
  closed: 0,
  steadyForMs: 60_000,
  recentLosses: 0,
  ...change,
});
