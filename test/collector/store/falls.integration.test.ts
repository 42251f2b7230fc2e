/** The collector and ClickHouse are killed, singly and together, while senders send: nothing is lost or doubled. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '@clickhouse/client';
import { expect, test } from 'vitest';
import { encodeLogRecords, encodeRequest } from '../../../client/sdk/otlp.ts';
import { type EmbeddedClickHouse, startClickHouse } from '../../../runtime/embedded/clickhouse.ts';
import { freePort } from '../../../runtime/embedded/ports.ts';
import { serverKey, tokenSecret } from '../support.ts';

const perRequest = 5;

test('every acknowledged record is stored once, through kill -9 of collector, ClickHouse and both', async () => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'callscope-falls-'));
  const [port, clickhousePort] = [await freePort(), await freePort()];
  const clickhouseOf = () =>
    startClickHouse({ dataDir: path.join(directory, 'clickhouse'), port: clickhousePort });
  let clickhouse = await clickhouseOf();
  let collector = await collectorOf(clickhouse, port, path.join(directory, 'spool'));
  const sending = new AbortController();
  const acknowledged: number[] = [];
  const senders = [0, 1, 2].map((sender) => send(port, sender, acknowledged, sending.signal));
  const more = (n: number) => {
    const wanted = acknowledged.length + n;
    return expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(wanted);
  };
  try {
    await more(30);
    await killed(collector);
    collector = await collectorOf(clickhouse, port, path.join(directory, 'spool'));
    await more(30);
    process.kill(clickhouse.pid, 'SIGKILL');
    await clickhouse.exited;
    await more(30);
    await killed(collector);
    clickhouse = await clickhouseOf();
    collector = await collectorOf(clickhouse, port, path.join(directory, 'spool'));
    await more(30);
    sending.abort();
    await Promise.all(senders);
    await using client = createClient({ url: clickhouse.url });
    const count = async () => {
      const query = `SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(packets_sent)) AS different,
        toUInt32(max(packets_sent)) AS last FROM rtc_stats_outbound_rtp`;
      const [found] = await (await client.query({ query, format: 'JSONEachRow' })).json<{
        rows: number;
        different: number;
      }>();
      return [found!.rows, found!.different];
    };
    const sent = acknowledged.length * perRequest;
    await expect.poll(count, { timeout: 20_000, interval: 200 }).toEqual([sent, sent]);
    const arrivals = 'SELECT toUInt32(sum(rows)) AS rows FROM window_arrival';
    expect(await (await client.query({ query: arrivals, format: 'JSONEachRow' })).json()).toEqual([
      { rows: sent },
    ]);
  } finally {
    sending.abort();
    collector.kill('SIGKILL');
    await clickhouse.stop();
    rmSync(directory, { recursive: true });
  }
});

async function collectorOf({ url }: EmbeddedClickHouse, port: number, spool: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [new URL('../../../collector/main.ts', import.meta.url).pathname], {
    env: {
      PATH: process.env.PATH,
      CALLSCOPE_COLLECTOR_PORT: String(port),
      CALLSCOPE_CLICKHOUSE_URL: url,
      CALLSCOPE_TOKEN_SECRET: tokenSecret,
      CALLSCOPE_SERVER_KEY: serverKey,
      CALLSCOPE_SPOOL_DIR: spool,
    },
    stdio: 'ignore',
  });
  const ready = () =>
    fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ status }) => status,
      () => 0,
    );
  await expect.poll(ready, { timeout: 20_000 }).toBe(200);
  return child;
}

async function killed(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** As SDKs do: the same bytes again until they are acknowledged. */
async function send(
  port: number,
  sender: number,
  acknowledged: number[],
  signal: AbortSignal,
): Promise<void> {
  for (let n = 0; !signal.aborted; n++) {
    const records = Array.from({ length: perRequest }, (_, i) => ({
      eventName: 'rtc.stats.outbound_rtp',
      timeMs: Date.now(),
      attributes: [['rtc.packets_sent', (sender * 100_000 + n) * perRequest + i] as const],
    }));
    const resource = [['rtc.call_id', `call ${sender}`] as const];
    const body = encodeRequest('t', [{ resource, chunks: [encodeLogRecords(records)] }]);
    const attempt = () =>
      fetch(`http://127.0.0.1:${port}/v1/logs`, {
        method: 'POST',
        headers: { authorization: `Bearer ${serverKey}`, 'content-type': 'application/x-protobuf' },
        body,
      }).then(
        (answer) => answer.arrayBuffer().then(() => answer.status),
        () => 0,
      );
    while ((await attempt()) !== 200) await delay(50);
    acknowledged.push(n);
  }
}
