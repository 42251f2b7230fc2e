/**
 * Somebody speaks into a real browser's microphone, invited to be recorded and written down. What was said comes out of
 * the store, and what it took stands in ClickHouse, where SLOs and dashboard read it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildClient } from '../../client/build.ts';
import { type Stack, startStack } from '../../runtime/stack.ts';
import { recordingPaths } from '../../telemetry/recording.ts';
import { probe } from '../recorder/support/rig.ts';
import { sentence, speechFile } from '../recorder/support/speaker.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { until } from '../support/waiting.ts';

let stack: Stack;
let browser: TestBrowser;
let clickhouse: ClickHouseClient;
let voice: ReturnType<typeof speechFile>;

beforeAll(async () => {
  await buildClient();
  voice = speechFile(sentence);
  stack = await startStack({ env: { CALLSCOPE_LOOP_MODE: 'off', CALLSCOPE_RECORDER_MIN_FREE_MB: '1' } });
  browser = await openBrowser(voice.file);
  clickhouse = createClient({ url: stack.urls.clickhouse });
});

afterAll(async () => {
  await clickhouse?.close();
  await browser?.close();
  await stack?.stop();
  voice?.remove();
});

const select = async <Row>(query: string) =>
  (await clickhouse.query({ query, format: 'JSONEachRow' })).json<Row>();

const stored = () => {
  const root = path.join(stack.dataDir, 'recordings');
  try {
    return readdirSync(root, { recursive: true }).map((name) => path.join(root, String(name)));
  } catch {
    return [];
  }
};

test('what is said into the microphone is stored, written down, and counted', async () => {
  const person = await browser.person();
  await person.page.goto(await stack.invite('spoken', 'default', 'transcribed'));
  await person.page.getByLabel('Your name').fill('Ada');
  await person.page.getByRole('button', { name: 'Join', exact: true }).click();
  await person.page.locator('html[data-state="joined"]').waitFor();
  await until(
    'text while the call goes on',
    async () => (await select(`SELECT 1 FROM rtc_event WHERE name = 'rtc.transcription.segment'`)).length > 0,
    { limitMs: 60_000 },
  );
  await person.leaveTheRoom();
  // A call waits for those on their way; its recording need not.
  const [call] = await select<{ id: string }>(
    `SELECT any(call_id) AS id FROM rtc_event WHERE name = 'rtc.recording.started'`,
  );
  const stopped = await fetch(new URL(recordingPaths.call(call!.id), stack.urls.sfu), {
    method: 'DELETE',
    headers: { authorization: `Bearer ${stack.secrets.recorder}` },
  });
  expect(stopped.status).toBe(200);

  const vtt = await until(
    'the transcript in the store',
    async () => stored().find((file) => file.endsWith('transcript.vtt')),
    { limitMs: 60_000 },
  );
  const text = readFileSync(vtt, 'utf8');
  const recognised = ['one', 'two', 'three', 'four', 'five', 'six', 'open', 'door', 'want', 'go'].filter(
    (word) => new RegExp(`\\b${word}\\b`).test(text),
  );
  expect(recognised.length, text).toBeGreaterThanOrEqual(4);
  expect(text).toContain('<v Ada>');
  const composed = probe(path.join(path.dirname(vtt), 'composed.webm'));
  expect(composed.streams.map(({ codec }) => codec).sort()).toEqual(['opus', 'vp8']);
  expect(composed.durationS).toBeGreaterThan(8);

  await until('the outcome in the store of telemetry', async () => {
    const rows = await select<{ name: string; source: string; detail: string; events: string }>(
      `SELECT name, source, detail, sum(events) AS events FROM event_minute
       WHERE name LIKE 'rtc.recording.%' GROUP BY name, source, detail ORDER BY name`,
    );
    return rows.some(({ name, detail }) => name === 'rtc.recording.finished' && detail === 'stored');
  });
  const [slo] = await select<{ good: number; total: number }>(
    `SELECT toFloat64(sum(good)) AS good, toFloat64(sum(total)) AS total FROM slo_minute WHERE slo = 'transcription'`,
  );
  expect(slo?.total).toBeGreaterThan(0);
  expect(slo?.good).toBe(slo?.total);
  const gauges = await until('the gauges of the dashboard', async () => {
    const rows = await select<{ name: string }>(
      `SELECT DISTINCT name FROM rtc_metric WHERE service_name = 'callscope-recorder' AND name LIKE 'rtc.recorder.%'`,
    );
    return rows.length >= 3 && rows.map(({ name }) => name);
  });
  expect(gauges).toEqual(
    expect.arrayContaining(['rtc.recorder.buffered_bytes', 'rtc.recorder.oldest_pending_seconds']),
  );
});
