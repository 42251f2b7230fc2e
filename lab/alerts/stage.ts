/**
 * What a rehearsal of alerts is played on, all of it real: ClickHouse, Redis, the collector in its own process, the
 * pipelines' evaluation and delivery over BullMQ, Debian's Alertmanager, and a receiver that counts what people are told.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { pino } from 'pino';
import { alertmanager } from '../../alerts/delivery/alertmanager.ts';
import { pagerDuty } from '../../alerts/delivery/pagerduty.ts';
import type { Receiver } from '../../alerts/delivery/receiver.ts';
import type { AlertMessage } from '../../alerts/message.ts';
import { deliver } from '../../pipelines/alerts/deliver.ts';
import { evaluate } from '../../pipelines/alerts/evaluate.ts';
import { openWorker, Queues } from '../../pipelines/queues.ts';
import { Store } from '../../pipelines/store/store.ts';
import { startClickHouse } from '../../runtime/embedded/clickhouse.ts';
import { freePort } from '../../runtime/embedded/ports.ts';
import { startRedis } from '../../runtime/embedded/redis.ts';
import { projectDir, startService } from '../../runtime/services.ts';
import { queueNames } from '../../telemetry/queues.ts';
import { clearStore } from '../clear.ts';
import { startAlertmanager } from './alertmanager.ts';
import type { OtlpRequest } from './otlp.ts';
import { openSink, type Sink } from './sink.ts';

const log = pino({ level: 'silent' });

export interface StageOptions {
  /** Servers that run already, as the tests have them. @default embedded ones */
  readonly clickhouseUrl?: string;
  readonly redisUrl?: string;
}

export interface Stage {
  readonly client: ClickHouseClient;
  readonly sink: Sink;
  /** Through the collector; resolves once it has taken it. */
  send(requests: readonly OtlpRequest[]): Promise<void>;
  insert(table: string, rows: readonly object[]): Promise<void>;
  rows<Row>(query: string): Promise<Row[]>;
  /** Evaluates as the pipelines would at that time, and hands out what is to be told. */
  evaluateAt(nowMs: number): Promise<void>;
  /** Until every notice has been taken. */
  delivered(): Promise<void>;
  /** As if nothing had ever happened. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

export async function openStage(options: StageOptions = {}): Promise<Stage> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'callscope-rehearsal-'));
  /** Ended in reverse order, also when a later part does not start. */
  const ends: (() => Promise<unknown>)[] = [async () => rmSync(dir, { recursive: true, force: true })];
  const close = async () => {
    for (const end of ends.toReversed()) await end();
  };
  try {
    const owned = <Part extends { stop(): Promise<void> }>(part: Part): Part => {
      ends.push(() => part.stop());
      return part;
    };
    const server =
      options.clickhouseUrl ?? owned(await startClickHouse({ dataDir: path.join(dir, 'clickhouse') })).url;
    const redisUrl = options.redisUrl ?? owned(await startRedis({ dataDir: path.join(dir, 'redis') })).url;
    const url = await ownDatabase(server, ends);
    const collectorPort = await freePort();
    const serverKey = randomBytes(16).toString('hex');
    owned(
      await startService(
        {
          name: 'collector',
          script: path.join(projectDir, 'collector', 'main.ts'),
          host: '127.0.0.1',
          port: collectorPort,
          env: {
            CALLSCOPE_COLLECTOR_PORT: String(collectorPort),
            CALLSCOPE_CLICKHOUSE_URL: url,
            CALLSCOPE_TOKEN_SECRET: randomBytes(16).toString('hex'),
            CALLSCOPE_SERVER_KEY: serverKey,
            CALLSCOPE_SPOOL_DIR: path.join(dir, 'spool'),
          },
        },
        () => {},
      ),
    );
    const sink = await openSink();
    ends.push(() => sink.close());
    const manager = owned(await startAlertmanager({ dataDir: path.join(dir, 'am'), webhookUrl: sink.url }));
    const client = createClient({
      url,
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0, async_insert: 0 },
      log: { level: 127 },
    });
    ends.push(() => client.close());
    const store = new Store(url, 'patient');
    ends.push(() => store.close());

    let clock = Date.now;
    const receivers = [alertmanager(manager.url), pagerDuty(sink.url, 'key')].map((one) =>
      onRealClock(one, () => clock()),
    );
    const queues = new Queues({ redisUrl, prefix: `rehearsal-${process.pid}`, log });
    const context = { store, receivers, bases: {}, log, now: () => clock() };
    const worker = openWorker(queueNames.deliver, (job) => deliver(job, context), {
      redisUrl,
      prefix: `rehearsal-${process.pid}`,
      log,
      concurrency: receivers.length,
    });
    ends.push(async () => {
      await worker.close();
      await queues.deliver.obliterate({ force: true });
      await queues.close();
    });

    const rows = async <Row>(query: string) =>
      (await client.query({ query, format: 'JSONEachRow' })).json<Row>();
    const waiting = () =>
      rows<{ receiver: string }>('SELECT DISTINCT receiver FROM alert_notice FINAL WHERE isNull(sent_at)');
    const handOut = async () => {
      const left = await waiting();
      for (const { receiver } of left) await queues.addDeliver({ receiver });
      return left.length;
    };
    return {
      client,
      sink,
      rows,
      async send(requests) {
        for (const { path: where, body } of requests) {
          const response = await fetch(`http://127.0.0.1:${collectorPort}${where}`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', authorization: `Bearer ${serverKey}` },
            body,
          });
          const text = await response.text();
          if (!response.ok || text.includes('rejected'))
            throw new Error(`the collector answered ${response.status}: ${text.slice(0, 300)}`);
        }
      },
      async insert(table, values) {
        if (values.length > 0) await client.insert({ table, values: [...values], format: 'JSONEachRow' });
      },
      async evaluateAt(nowMs) {
        clock = () => nowMs;
        await evaluate(context);
        await handOut();
      },
      async delivered() {
        const deadline = Date.now() + 60_000;
        while ((await handOut()) > 0) {
          if (Date.now() > deadline) throw new Error('a receiver has not taken its notices within a minute');
          await delay(100);
        }
      },
      async clear() {
        await clearStore(client);
        sink.clear();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** On the server of others beside what they have. The collector makes its tables. */
async function ownDatabase(serverUrl: string, ends: (() => Promise<unknown>)[]): Promise<string> {
  const database = `rehearsal_${process.pid}_${randomBytes(3).toString('hex')}`;
  const admin = createClient({ url: serverUrl, log: { level: 127 } });
  await admin.command({ query: `CREATE DATABASE ${database}` });
  ends.push(async () => {
    await admin.command({ query: `DROP DATABASE ${database} SYNC` });
    await admin.close();
  });
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}

/** Receivers live on the machine's clock: times in a message are as long ago there as they are on the played one. */
function onRealClock(receiver: Receiver, played: () => number): Receiver {
  return {
    ...receiver,
    request(message, _nowMs) {
      const shift = Date.now() - played();
      const moved: AlertMessage = {
        ...message,
        sinceMs: message.sinceMs + shift,
        firedMs: message.firedMs + shift,
        endedMs: message.endedMs === null ? null : message.endedMs + shift,
        toldMs: message.toldMs + shift,
      };
      return receiver.request(moved, Date.now());
    },
  };
}
