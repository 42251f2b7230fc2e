import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { alertmanager } from '../../../alerts/delivery/alertmanager.ts';
import { pagerDuty } from '../../../alerts/delivery/pagerduty.ts';
import type { Receiver } from '../../../alerts/delivery/receiver.ts';
import { slack } from '../../../alerts/delivery/slack.ts';
import { webhook } from '../../../alerts/delivery/webhook.ts';
import type { AlertMessage } from '../../../alerts/message.ts';
import { noticesOf } from '../../../alerts/notices.ts';
import { deliver } from '../../../pipelines/alerts/deliver.ts';
import { openWorker, Queues } from '../../../pipelines/queues.ts';
import { Store } from '../../../pipelines/store/store.ts';
import { handOutAlerts } from '../../../pipelines/ticks.ts';
import { freePort } from '../../../runtime/embedded/ports.ts';
import type { AlertNoticeRow } from '../../../telemetry/alerts.ts';
import { queueNames } from '../../../telemetry/queues.ts';
import { isSigned } from '../../../telemetry/service/signature.ts';
import { message } from '../../alerts/support/message.ts';
import { until } from '../support/process.ts';
import { openTestStore, type TestStore } from '../support/store.ts';

const log = pino({ level: 'silent' });
const secret = 'a secret of some length';

interface Got {
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

/** A receiver on loopback that can be made to refuse. */
async function listen() {
  const got: Got[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (status === 200) got.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
      response.writeHead(status).end('no thanks');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    got,
    refuse: (with_: number) => {
      status = with_;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

let store: TestStore;
let used: Store;
let hook: Awaited<ReturnType<typeof listen>>;
let receivers: Receiver[];

beforeAll(async () => {
  store = await openTestStore(inject('clickhouseUrl'));
  used = new Store(store.url, 'patient');
  hook = await listen();
  receivers = [webhook(hook.url, secret), slack(hook.url), pagerDuty(hook.url, 'key')];
});

afterAll(async () => {
  await used?.close();
  await store?.close();
  await hook?.close();
});

const tell = async (one: AlertMessage, to: readonly Receiver[], madeAt = Date.now()) =>
  used.insert('alert_notice', noticesOf(one, to, madeAt));
const notices = (id: string) =>
  store.rows<AlertNoticeRow>(
    `SELECT * FROM alert_notice FINAL WHERE alert_id = '${id}' ORDER BY receiver, made_at`,
  );
const run = (receiver: string) => deliver({ receiver }, { store: used, receivers, log, now: Date.now });

describe('a receiver that is down', () => {
  const open = message({ alertId: 'down-1', noticeId: 'down-1-firing', groupId: 'down-1' });
  const over = message({ ...open, noticeId: 'down-1-resolved', kind: 'resolved', endedMs: 1 });

  test('fails the job, says why, and keeps what it was to be told', async () => {
    hook.refuse(503);
    await tell(open, [receivers[0]!], Date.now() - 1_000);
    await expect(run('webhook')).rejects.toThrow('answered 503: no thanks');
    const [row] = await notices('down-1');
    expect(row).toMatchObject({ attempts: 1, sent_at: null, last_error: 'answered 503: no thanks' });
  });

  test('is told everything once it is back, in order, each once and signed', async () => {
    await tell(over, [receivers[0]!]);
    hook.refuse(200);
    await run('webhook');
    await run('webhook');
    expect(hook.got.map(({ headers }) => headers['callscope-notice'])).toEqual([
      'down-1-firing',
      'down-1-resolved',
    ]);
    for (const { body, headers } of hook.got)
      expect(isSigned(body, String(headers['callscope-signature']), secret, Date.now())).toBe(true);
    expect((await notices('down-1')).every(({ sent_at }) => sent_at !== null)).toBe(true);
  });

  test('at an address where nobody listens is an error that does not tell the address', async () => {
    const port = await freePort();
    const gone = [slack(`http://127.0.0.1:${port}/secret-path`)];
    await tell(message({ alertId: 'gone', noticeId: 'gone-firing' }), gone);
    const failing = deliver({ receiver: 'slack' }, { store: used, receivers: gone, log, now: Date.now });
    await expect(failing).rejects.toThrow(/no answer: ECONNREFUSED$/);
    await run('slack');
  });
});

test('two alerts of one incident are one page, resolved with the last of them', async () => {
  hook.got.length = 0;
  const of = (id: string, more: Partial<AlertMessage>) =>
    message({ alertId: id, noticeId: `${id}-${more.kind ?? 'firing'}`, groupId: 'a', ...more });
  const pager = [receivers[2]!];
  await tell(of('a', {}), pager, Date.now());
  await tell(of('b', {}), pager, Date.now() + 1);
  await tell(of('a', { kind: 'resolved', othersOpen: true }), pager, Date.now() + 2);
  await tell(of('b', { kind: 'resolved' }), pager, Date.now() + 3);
  await run('pagerduty');
  const sent = hook.got.map(({ body }) => JSON.parse(body));
  expect(sent.map((one) => [one.event_action, one.dedup_key])).toEqual([
    ['trigger', 'a'],
    ['trigger', 'a'],
    ['resolve', 'a'],
  ]);
});

describe('on the queue', () => {
  const settings = { redisUrl: inject('redisUrl'), prefix: `alerts-${process.pid}`, log };

  test('one tick is one evaluation, however many workers and processes there are', async () => {
    const runs: string[] = [];
    const processes = Array.from({ length: 4 }, () => new Queues(settings));
    const workers = processes.map(() =>
      openWorker(queueNames.evaluate, async () => void runs.push('x'), { ...settings, concurrency: 2 }),
    );
    const ids: string[] = [];
    for (const worker of workers) worker.on('active', (job) => ids.push(job.id!));
    // All of them ask, again and again, as their ticks do.
    for (let i = 0; i < 3; i += 1)
      await Promise.all(processes.map((queues) => queues.scheduleEvaluation(300)));
    await until('five ticks', () => runs.length >= 5, 20_000);
    await Promise.all(workers.map((worker) => worker.close()));
    expect(new Set(ids).size).toBe(ids.length);
    // `repeat:evaluate:MILLISECONDS`: every tick is another multiple of the period.
    const ticks = ids.map((id) => Number(id.split(':').at(-1))).toSorted((a, b) => a - b);
    for (let i = 1; i < ticks.length; i += 1) expect(ticks[i]! - ticks[i - 1]!).toBeGreaterThanOrEqual(290);
    await processes[0]!.evaluate.removeJobScheduler('evaluate');
    await Promise.all(processes.map((queues) => queues.close()));
  });

  test('what is in the store is delivered, also after the queue was emptied', async () => {
    hook.got.length = 0;
    const queues = new Queues(settings);
    hook.refuse(500);
    await tell(message({ alertId: 'wiped', noticeId: 'wiped-firing' }), [receivers[0]!]);
    const worker = openWorker(
      queueNames.deliver,
      (job) => deliver(job, { store: used, receivers, log, now: Date.now }),
      { ...settings, concurrency: 1 },
    );
    const tick = () => handOutAlerts({ store: used, queues } as Parameters<typeof handOutAlerts>[0]);
    await tick();
    await until('it was tried', async () => (await notices('wiped'))[0]!.attempts > 0, 20_000);
    // As if Redis had been wiped: the retry that waited there is gone.
    await worker.close();
    await queues.deliver.obliterate({ force: true });
    hook.refuse(200);
    const other = openWorker(
      queueNames.deliver,
      (job) => deliver(job, { store: used, receivers, log, now: Date.now }),
      { ...settings, concurrency: 1 },
    );
    await tick();
    await until('it is delivered', () => hook.got.length === 1, 20_000);
    await other.close();
    await queues.evaluate.removeJobScheduler('evaluate');
    await queues.close();
  });
});

const program = '/usr/bin/prometheus-alertmanager';
const missing = (() => {
  try {
    accessSync(program);
    return '';
  } catch {
    return ` (left out: ${program} is not installed; apt-get install prometheus-alertmanager)`;
  }
})();

describe.skipIf(missing !== '')(`Debian's Alertmanager${missing}`, () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'callscope-alertmanager-'));
  let url: string;
  let stop: () => Promise<unknown>;

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const config = path.join(dir, 'alertmanager.yml');
    // JSON is YAML.
    writeFileSync(
      config,
      JSON.stringify({
        route: {
          receiver: 'hook',
          group_by: ['incident'],
          group_wait: '1s',
          group_interval: '1s',
          repeat_interval: '1h',
        },
        receivers: [{ name: 'hook', webhook_configs: [{ url: hook.url, send_resolved: true }] }],
      }),
    );
    const child = spawn(
      program,
      [
        `--config.file=${config}`,
        `--storage.path=${dir}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--cluster.listen-address=',
      ],
      { stdio: 'ignore' },
    );
    stop = () => {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      return gone;
    };
    await until(
      'Alertmanager is ready',
      async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok === true,
      20_000,
    );
  });

  afterAll(async () => {
    await stop?.();
    rmSync(dir, { recursive: true, force: true });
  });

  test('takes alerts, shows them by incident as one notification, and their end', async () => {
    hook.got.length = 0;
    hook.refuse(200);
    const target = alertmanager(url);
    const about = { store: used, receivers: [target], log, now: Date.now };
    const of = (id: string, more: Partial<AlertMessage> = {}) =>
      message({
        alertId: id,
        noticeId: `${id}-${more.kind ?? 'firing'}`,
        groupId: 'am',
        toldMs: Date.now(),
        firedMs: Date.now() - 60_000,
        ...more,
      });
    await tell(of('am'), [target]);
    await tell(of('am-2', { slo: 'mos', title: 'MOS' }), [target]);
    await deliver({ receiver: 'alertmanager' }, about);
    const listed = (await (await fetch(`${url}/api/v2/alerts`)).json()) as {
      labels: Record<string, string>;
    }[];
    expect(listed.map(({ labels }) => labels.slo).sort()).toEqual(['join-success', 'mos']);
    await until('one notification', () => hook.got.length === 1, 20_000);
    const first = JSON.parse(hook.got[0]!.body);
    expect(first).toMatchObject({ status: 'firing', commonLabels: { incident: 'am', service: 'callscope' } });
    expect(first.alerts).toHaveLength(2);
    expect(first.alerts[0].annotations.summary).toMatch(/41 of 300 people/);
    await tell(of('am', { kind: 'resolved', endedMs: Date.now() }), [target]);
    await tell(of('am-2', { slo: 'mos', title: 'MOS', kind: 'resolved', endedMs: Date.now() }), [target]);
    await deliver({ receiver: 'alertmanager' }, about);
    await until('its end', () => JSON.parse(hook.got.at(-1)!.body).status === 'resolved', 20_000);
  });
});
