/** What the service wrote down about a fault. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { type IncidentFound, readFindings } from '../findings.ts';

/** The clocks are one machine's; detectors may date an onset back to the last good sample. */
const earlyMs = 3_000;

/**
 * Waits for an incident of one of these kinds.
 * @returns all incidents of the calls since the fault, the awaited kinds or not, at `limitMs` after the fault at the latest
 */
export async function incidentsSince(
  clickhouse: ClickHouseClient,
  callIds: readonly string[],
  kinds: readonly string[],
  faultAtMs: number,
  limitMs: number,
  signal: AbortSignal,
): Promise<IncidentFound[]> {
  for (;;) {
    const { incidents } = await readFindings(clickhouse, callIds);
    const since = incidents.filter(
      ({ started_at, detected_at }) => detected_at >= faultAtMs && started_at >= faultAtMs - earlyMs,
    );
    if (since.some(({ kind }) => kinds.includes(kind)) || Date.now() - faultAtMs > limitMs) return since;
    await sleep(300, undefined, { signal });
  }
}
