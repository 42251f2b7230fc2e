/** A stored call as one file (docs/recordings.md, "Our own export"): samples, events, and what was said of it. */
import { exportHeader, rowLine } from '../../quality/recordings/export.ts';
import { sampleTables } from '../../quality/recordings/rows.ts';
import { InspectorError } from '../errors.ts';
import { readSql, type Store } from '../store/store.ts';

const samplesSql = readSql('export-samples.sql');

const others = [
  ['rtc_event', readSql('export-events.sql')],
  ['decision', readSql('decisions.sql')],
  ['stream_score', readSql('export-scores.sql')],
  ['incident', readSql('incidents.sql')],
  ['participant_summary', readSql('export-people.sql')],
  ['call_summary', readSql('export-call.sql')],
  ['rtc_span', readSql('spans.sql')],
] as const;

/**
 * Text in pieces of some hundred lines, read as fast as it is written.
 * @throws InspectorError `not_found` before the first piece, when there is no such call
 */
export async function* exportCall(
  store: Store,
  tenantId: string,
  callId: string,
  nowMs: number,
): AsyncGenerator<string> {
  const key = { tenant: tenantId, call: callId };
  const [event] = await store.query<{ name: string }>(
    'SELECT name FROM rtc_event WHERE tenant_id = {tenant:String} AND call_id = {call:String} LIMIT 1',
    key,
  );
  const [summary] = await store.query(readSql('call.sql'), key);
  if (!event && !summary) {
    throw new InspectorError('not_found', `There is no call ${JSON.stringify(callId.slice(0, 80))} here.`);
  }
  yield `${exportHeader(tenantId, callId, nowMs)}\n`;
  const sources: [string, string, Record<string, string>][] = [
    ...sampleTables.map((table): [string, string, Record<string, string>] => [
      `rtc_stats_${table}`,
      samplesSql,
      { table: `rtc_stats_${table}` },
    ]),
    ...others.map(([table, sql]): [string, string, Record<string, string>] => [table, sql, {}]),
  ];
  for (const [table, sql, more] of sources) {
    for await (const rows of store.stream<object>(sql, { ...key, ...more })) {
      yield rows.map((row) => `${rowLine(table, row)}\n`).join('');
    }
  }
}
