/**
 * The real official Collector, built by its own builder where Go and its modules are reachable, with the configurations
 * of deploy/otelcol: in front of ours, and instead of ours.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, inject, test } from 'vitest';
import { encodeLogRecords, encodeRequest } from '../../client/sdk/otlp.ts';
import { migrate } from '../../collector/schema/migrate.ts';
import { otelcol } from '../../deploy/otelcol/build.ts';
import { freePort } from '../../runtime/embedded/ports.ts';
import { serverKey, startCollector, type TestDatabase, testDatabase } from '../collector/support.ts';
import { until } from '../support/waiting.ts';

const built = await otelcol();
const program = 'program' in built ? built.program : '';
const missing = 'missing' in built ? ` (skipped: ${built.missing})` : '';

let running: ChildProcess | undefined;
afterEach(async () => {
  if (!running || running.exitCode !== null) return;
  const ended = once(running, 'exit');
  running.kill('SIGTERM');
  await ended;
});

/** @returns the base URL of its OTLP/HTTP receiver, once it is healthy */
async function startOtelcol(config: string, env: Record<string, string>): Promise<string> {
  const [http, grpc, health] = [await freePort(), await freePort(), await freePort()];
  const said: string[] = [];
  running = spawn(program, ['--config', path.join(import.meta.dirname, '../../deploy/otelcol', config)], {
    env: {
      ...env,
      OTELCOL_HOST: '127.0.0.1',
      OTELCOL_HTTP_PORT: String(http),
      OTELCOL_GRPC_PORT: String(grpc),
      OTELCOL_HEALTH_PORT: String(health),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.stderr!.on('data', (text) => said.push(String(text)));
  await until('a healthy official Collector', async () => {
    if (running!.exitCode !== null)
      throw new Error(`the official Collector ended: ${said.join('').slice(-2_000)}`);
    return (await fetch(`http://127.0.0.1:${health}/`).catch(() => undefined))?.status === 200;
  });
  return `http://127.0.0.1:${http}`;
}

async function send(base: string, token: string, callId: string): Promise<number> {
  const timeMs = Date.now() - 1_000;
  const chunks = [
    encodeLogRecords([
      {
        eventName: 'rtc.stats.inbound_rtp',
        timeMs,
        attributes: [
          ['rtc.call_id', callId],
          ['rtc.participant_id', 'p'],
          ['rtc.packets_received', 7],
          ['rtc.audio_level', 0.5],
        ],
      },
      {
        eventName: 'rtc.ice.state',
        timeMs,
        attributes: [
          ['rtc.call_id', callId],
          ['rtc.state', 'connected'],
        ],
      },
    ]),
  ];
  const body = gzipSync(
    encodeRequest('callscope', [
      {
        resource: [
          ['service.name', 'test'],
          ['rtc.tenant_id', 'acme'],
          ['rtc.clock_offset_ms', 0],
        ],
        chunks,
      },
    ]),
  );
  const answer = await fetch(`${base}/v1/logs`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/x-protobuf',
      'content-encoding': 'gzip',
    },
    body,
  });
  return answer.status;
}

async function expectStored(db: TestDatabase): Promise<void> {
  const samples = () =>
    db.rows(
      'SELECT tenant_id, call_id, participant_id, packets_received AS packets, audio_level AS level, attributes FROM rtc_stats_inbound_rtp',
    );
  const events = () => db.rows("SELECT name, call_id, attributes['state'] AS state FROM rtc_event");
  await until('a sample', async () => (await samples()).length > 0);
  expect(await samples()).toEqual([
    { tenant_id: 'acme', call_id: 'c', participant_id: 'p', packets: 7, level: 0.5, attributes: {} },
  ]);
  await until('an event', async () => (await events()).length > 0);
  expect(await events()).toEqual([{ name: 'rtc.ice.state', call_id: 'c', state: 'connected' }]);
}

test.skipIf(missing !== '')(
  `in front of ours: what servers send it stands in the typed tables${missing}`,
  async () => {
    await using db = await testDatabase(inject('clickhouseUrl'), { create: true });
    await using collector = await startCollector(db.url);
    const base = await startOtelcol('gateway.yaml', {
      CALLSCOPE_COLLECTOR_URL: collector.url,
      CALLSCOPE_SERVER_KEY: serverKey,
    });
    expect(await send(base, 'another key', 'refused')).toBe(401);
    expect(await send(base, serverKey, 'c')).toBe(200);
    await expectStored(db);
  },
);

test.skipIf(missing !== '')(
  `instead of ours: its ClickHouse exporter fills the same tables${missing}`,
  async () => {
    await using db = await testDatabase(inject('clickhouseUrl'), { create: true });
    await migrate(db.client, { database: db.name });
    const url = new URL(db.url);
    const base = await startOtelcol('clickhouse.yaml', {
      CALLSCOPE_CLICKHOUSE_ENDPOINT: `http://${url.host}`,
      CALLSCOPE_CLICKHOUSE_DATABASE: db.name,
      CALLSCOPE_CLICKHOUSE_USER: decodeURIComponent(url.username),
      CALLSCOPE_CLICKHOUSE_PASSWORD: decodeURIComponent(url.password),
    });
    expect(await send(base, 'nobody looks at it', 'c')).toBe(200);
    await expectStored(db);
  },
);
