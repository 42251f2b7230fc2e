/** Minutes made anew from the rows behind them are those that the views made, and twice is as good as once. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { backfill } from '../../alerts/backfill.ts';
import { slos } from '../../alerts/slos/list.ts';
import { type MinutesRow, minutesSql, type RegionRow } from '../../alerts/slos/minutes.ts';
import { regionSeriesSql } from '../../alerts/slos/regions.ts';
import { minuteMs } from '../../lab/alerts/fleet.ts';
import { fillFleet } from '../pipelines/alerts/fleet.ts';
import { openTestStore, type TestStore } from '../pipelines/support/store.ts';

const hourMs = 3_600_000;
const toMs = Math.floor(Date.now() / hourMs - 1) * hourMs;
const fromMs = toMs - 2 * hourMs;
let store: TestStore;

beforeAll(async () => {
  store = await openTestStore(inject('clickhouseUrl'));
  await fillFleet(store, {
    fromMinute: fromMs / minuteMs - 10,
    toMinute: toMs / minuteMs + 10,
    joinsPerMinute: 5,
    trouble: ({ index }) => (index % 7 === 0 ? { joinError: 'x' } : { lossRatio: index % 3 === 0 ? 0.1 : 0 }),
    recordings: () => ({ stopped: 1, stored: 1, failed: 0 }),
  });
  const at = (ms: number) => ({ time: ms, client_time: ms, tenant_id: 'acme', call_id: 'c' });
  const samples = Array.from({ length: 100 }, (_, i) => {
    const time = fromMs + i * 60_000;
    return { ...at(time), received_at: time + (i % 4 === 0 ? 60_000 : 1_000) };
  });
  // Each arrives in a block of its own: the view sees blocks.
  for (const sample of samples.slice(0, 8))
    await store.client.insert({ table: 'rtc_stats_inbound_rtp', values: [sample], format: 'JSONEachRow' });
  await store.client.insert({
    table: 'rtc_event',
    values: Array.from({ length: 20 }, (_, i) => ({
      ...at(fromMs + i * 60_000),
      received_at: fromMs + i * 60_000,
      name: 'rtc.transcription.segment',
      source: 'transcriber',
      attributes: { latency_ms: String(i * 30_000) },
    })),
    format: 'JSONEachRow',
  });
});
afterAll(async () => await store?.close());

const span = { from: fromMs - 10 * minuteMs, to: toMs + 10 * minuteMs };
const read = async <Row>(query: string) =>
  (await store.client.query({ query, query_params: span, format: 'JSONEachRow' })).json<Row>();
const minutes = async () =>
  (await read<MinutesRow>(minutesSql(slos))).toSorted((a, b) => a.source.localeCompare(b.source));

test('are the same as before, within the span and beyond it', async () => {
  const before = await minutes();
  expect(before.map(({ source }) => source)).toEqual(
    expect.arrayContaining(['join-success', 'loss', 'recording', 'transcription', 'ingest-freshness']),
  );
  await backfill(store.client, { fromMs, toMs });
  expect(await minutes()).toEqual(before);
  await backfill(store.client, { fromMs, toMs });
  expect(await minutes()).toEqual(before);
});

test('are there where they had been lost, of regions too', async () => {
  const before = await minutes();
  for (const table of ['join_minute', 'event_minute', 'quality_minute', 'slo_minute'])
    await store.client.command({
      query: `DELETE FROM ${table} WHERE minute >= toDateTime(${fromMs / 1000}) AND minute < toDateTime(${toMs / 1000})`,
    });
  expect(await minutes()).not.toEqual(before);
  await backfill(store.client, { fromMs, toMs });
  expect(await minutes()).toEqual(before);
  const regions = await read<RegionRow>(regionSeriesSql);
  const joins = regions.filter(({ slo }) => slo === 'join-success');
  expect(joins.map(({ region }) => region).toSorted()).toEqual(['BR', 'DE', 'FR', 'PL']);
  const sum = (values: readonly number[]) => values.reduce((all, one) => all + one, 0);
  const failed = sum(joins.map(({ good, total }) => sum(total) - sum(good)));
  const [truth] = await store.rows<{ failed: number }>(
    `SELECT countIf(status_code = 'error') AS failed FROM rtc_span
     WHERE time >= toDateTime(${fromMs / 1000}) AND time < toDateTime(${toMs / 1000})`,
  );
  expect(failed).toBe(truth!.failed);
});
