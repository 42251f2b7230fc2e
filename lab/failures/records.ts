/** What the service wrote down about a fault: incidents, and its own events. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { z } from 'zod';
import { type IncidentFound, readFindings } from '../findings.ts';

/** The clocks are one machine's; detectors may date an onset back to the last good sample. */
const earlyMs = 3_000;

export interface Asked {
  readonly clickhouse: ClickHouseClient;
  readonly faultAtMs: number;
  /** How long after the fault it is waited for. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/**
 * Waits for an incident of one of these kinds.
 * @returns all incidents of the calls since the fault, whatever their kind
 */
export async function incidentsSince(
  callIds: readonly string[],
  kinds: readonly string[],
  { clickhouse, faultAtMs, limitMs, signal }: Asked,
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

const eventRows = z.array(z.object({ name: z.string(), atMs: z.number() }));

/**
 * Waits for an event of one of these names, of whatever call.
 * @returns from the fault to each that came by then, oldest first, ms
 */
export async function eventsSince(
  names: readonly string[],
  { clickhouse, faultAtMs, limitMs, signal }: Asked,
): Promise<{ name: string; afterMs: number }[]> {
  for (;;) {
    const result = await clickhouse.query({
      query: `SELECT name, toUnixTimestamp64Milli(time) AS atMs FROM rtc_event
        WHERE name IN ({names:Array(String)}) AND time >= fromUnixTimestamp64Milli({from:Int64})
        ORDER BY time`,
      query_params: { names, from: faultAtMs },
      format: 'JSONEachRow',
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
    });
    const rows = eventRows.parse(await result.json());
    if (rows.length > 0 || Date.now() - faultAtMs > limitMs) {
      return rows.map(({ name, atMs }) => ({ name, afterMs: atMs - faultAtMs }));
    }
    await sleep(300, undefined, { signal });
  }
}
