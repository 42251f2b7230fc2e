import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { minuteMs } from '../../lab/alerts/fleet.ts';
import { isSigned } from '../../telemetry/service/signature.ts';
import { fillFleet } from '../pipelines/alerts/fleet.ts';
import { type PipelinesProcess, startPipelines } from '../pipelines/support/process.ts';
import { openTestStore, type TestStore } from '../pipelines/support/store.ts';

const run = promisify(execFile);
const main = path.join(import.meta.dirname, '..', '..', 'alerts', 'main.ts');
const secret = 'a secret of some length';
const got: { body: string; signature: string }[] = [];
const hook = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    got.push({
      body: Buffer.concat(parts).toString(),
      signature: String(request.headers['callscope-signature']),
    });
    response.end();
  });
});

let store: TestStore;
let pipelines: PipelinesProcess | undefined;
let env: Record<string, string>;

beforeAll(async () => {
  store = await openTestStore(inject('clickhouseUrl'));
  hook.listen(0, '127.0.0.1');
  await once(hook, 'listening');
  env = {
    CALLSCOPE_CLICKHOUSE_URL: store.url,
    CALLSCOPE_ALERT_WEBHOOK_URL: `http://127.0.0.1:${(hook.address() as AddressInfo).port}`,
    CALLSCOPE_ALERT_WEBHOOK_SECRET: secret,
    CALLSCOPE_INSPECTOR_URL: 'https://inspector.example/',
  };
});

afterAll(async () => {
  await pipelines?.end('SIGKILL');
  hook.close();
  await store?.close();
});

const alerts = (...args: string[]) =>
  run(process.execPath, [main, ...args], { env: { ...process.env, ...env } });

test('test NAME goes the way of a real alert, through the running pipelines, and says who took it', async () => {
  pipelines = await startPipelines({
    ...env,
    CALLSCOPE_REDIS_URL: inject('redisUrl'),
    CALLSCOPE_QUEUE_PREFIX: `alerts-cli-${process.pid}`,
  });
  const { stdout } = await alerts('test', 'join-success');
  expect(stdout).toMatch(/firing: TEST\. Join success: 41 of 300 people .* cannot join since .*country XX/);
  expect(stdout.match(/webhook: taken/g)).toHaveLength(2);
  expect(got.map(({ body }) => JSON.parse(body)).map(({ kind, test }) => [kind, test])).toEqual([
    ['firing', true],
    ['resolved', true],
  ]);
  for (const { body, signature } of got) expect(isSigned(body, signature, secret, Date.now())).toBe(true);
  expect(JSON.parse(got[0]!.body).links[0].url).toBe('https://inspector.example/calls/sample-call');
});

test('replay shows what would have fired, and writes nothing', async () => {
  const now = Math.floor(Date.now() / minuteMs);
  const fault = now - 90;
  await fillFleet(store, {
    fromMinute: now - 150,
    toMinute: now,
    joinsPerMinute: 20,
    trouble: ({ country }, minute) =>
      country === 'DE' && minute >= fault && minute < fault + 10 ? { joinError: 'ICE failed' } : {},
  });
  const { stdout } = await alerts('replay', '--from', '-2h', '--to', 'now');
  expect(stdout).toMatch(
    /^page .*Z to .*Z .*Join success: \d+ of \d+ people .*cannot join since .*factor: country DE/m,
  );
  expect(stdout).toMatch(/^1 pages, \d tickets from/m);
  expect(
    await store.rows("SELECT * FROM alert FINAL WHERE slo = 'join-success' AND status = 'firing'"),
  ).toEqual([]);
  const json = JSON.parse((await alerts('replay', '--from', '-2h', '--to', 'now', '--json')).stdout);
  expect(json.alerts.find(({ severity }: { severity: string }) => severity === 'page').slo).toBe(
    'join-success',
  );
});

test('a wrong command line is refused with what there is', async () => {
  await expect(alerts('test', 'nope')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('join-success'),
  });
});
