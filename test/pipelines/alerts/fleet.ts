/** Puts the lab's made-up fleet (lab/alerts/fleet.ts) into a store as collector and pipelines would. */
import { type FleetOptions, fleetRows } from '../../../lab/alerts/fleet.ts';
import type { TestStore } from '../support/store.ts';

export async function fillFleet(store: TestStore, options: FleetOptions): Promise<void> {
  const { spans, events, scores, incidents } = fleetRows(options);
  const received = <Row extends { time: number }>(rows: Row[]) =>
    rows.map((row) => ({ ...row, client_time: row.time, received_at: row.time + 2_000 }));
  const insert = (table: string, values: object[]) =>
    values.length > 0 ? store.client.insert({ table, values, format: 'JSONEachRow' }) : undefined;
  await insert('rtc_span', received(spans));
  await insert('rtc_event', received(events));
  await insert('stream_score', scores);
  await insert('incident', incidents);
}
