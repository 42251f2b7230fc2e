import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { freePort, tokenSecret, until } from './support/node.ts';

const main = new URL('../../sfu/main.ts', import.meta.url).pathname;
let child: ChildProcess | undefined;
let sink: Server | undefined;
afterEach(() => {
  child?.kill('SIGKILL');
  sink?.close();
});

function run(env: Record<string, string>) {
  const { PATH = '', MEDIASOUP_WORKER_BIN = '' } = process.env;
  const started = spawn(process.execPath, [main], { env: { PATH, MEDIASOUP_WORKER_BIN, ...env } });
  child = started;
  const said = { out: '', err: '' };
  started.stdout.on('data', (part) => {
    said.out += part;
  });
  started.stderr.on('data', (part) => {
    said.err += part;
  });
  const exited = new Promise<number | null>((resolve) => started.once('exit', resolve));
  return { said, exited, kill: (signal: NodeJS.Signals) => started.kill(signal) };
}

test('the process names its wrong settings and ends with 1', async () => {
  const { said, exited } = run({ CALLSCOPE_RTC_PORT: '0' });
  expect(await exited).toBe(1);
  expect(said.err).toMatch(/CALLSCOPE_RTC_PORT="0" is not valid: expected a fixed port/);
  expect(said.err).toMatch(/CALLSCOPE_TOKEN_SECRET is not set/);
});

test('the process serves, reports the health of its workers, and ends with 0 when told to', async () => {
  const metrics: Buffer[] = [];
  sink = createServer((request, response) => {
    request.on('data', (part: Buffer) => request.url === '/v1/metrics' && metrics.push(part));
    request.on('end', () => response.end());
  });
  await new Promise<void>((resolve) => sink?.listen(0, '127.0.0.1', resolve));
  const { said, exited, kill } = run({
    CALLSCOPE_SFU_PORT: '0',
    CALLSCOPE_RTC_PORT: String(await freePort()),
    CALLSCOPE_SFU_WORKERS: '1',
    CALLSCOPE_TOKEN_SECRET: tokenSecret,
    CALLSCOPE_SERVER_KEY: 'the server key of the test',
    CALLSCOPE_COLLECTOR_URL: `http://127.0.0.1:${(sink.address() as AddressInfo).port}`,
  });
  const ready = await until(
    'it says that it is ready',
    () => said.out.split('\n').find((line) => line.includes('"msg":"ready"')),
    30_000,
  );
  const { url } = JSON.parse(ready) as { url: string };
  expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ ready: true, workers: 1 });
  const names = [
    'rtc.sfu.worker.cpu_ratio',
    'rtc.sfu.worker.memory_bytes',
    'rtc.sfu.rooms',
    'rtc.sfu.transports',
    'rtc.sfu.receivers',
  ];
  await until(
    'all metrics are told',
    () => names.every((name) => Buffer.concat(metrics).includes(name)),
    30_000,
  );
  kill('SIGTERM');
  expect(await exited).toBe(0);
});
