/**
 * How long a support agent waits: a long call of many opened in real Chromium, zoomed and panned through, and its page
 * asked for by the API while other calls are being written. Everything is real but the numbers in the samples.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import type { Page } from 'playwright-core';
import { migrate } from '../collector/schema/migrate.ts';
import { buildInspector } from '../inspector/build.ts';
import { launchBrowser } from '../lab/participants/browser.ts';
import { startClickHouse } from '../runtime/embedded/clickhouse.ts';
import { inspectorLink } from '../runtime/inspector-link.ts';
import { type Benchmark, type BenchmarkReport, commit, limit, machine } from './benchmark.ts';
import { ingest, longCall, putLongCall } from './inspector/long-call.ts';

const secret = 'for-this-benchmark-only';
const callId = 'long-call';

export const inspectorBenchmark: Benchmark = {
  summary: 'Opens a long call in Chromium; frames while zooming; the API under ingest.',
  usage:
    '[--rows N] samples of the call, default 1500000  [--participants N] default 20  [--opens N] default 5',
  run,
};

async function run(args: readonly string[]): Promise<BenchmarkReport> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string', default: '1500000' },
      participants: { type: 'string', default: '20' },
      opens: { type: 'string', default: '5' },
    },
  });
  const call = longCall(callId, Number(values.participants), Number(values.rows));
  const dir = mkdtempSync(path.join(tmpdir(), 'callscope-bench-'));
  const closers: (() => Promise<unknown>)[] = [];
  try {
    const files = await buildInspector(path.join(dir, 'page'));
    const firstLoad = files.filter(({ path: file }) => /\.(js|css|html)$/.test(file));
    const clickhouse = await startClickHouse({ dataDir: path.join(dir, 'clickhouse') });
    closers.push(() => clickhouse.stop());
    const client = createClient({ url: clickhouse.url, request_timeout: 300_000, log: { level: 127 } });
    closers.push(() => client.close());
    await migrate(client, { database: 'callscope' });
    console.log(`putting ${call.samples} samples and ${call.scores} scores into the store …`);
    await putLongCall(client, call);

    const service = await startInspector(clickhouse.url, path.join(dir, 'page'));
    closers.push(() => service.stop());
    const browser = await launchBrowser();
    closers.push(() => browser.close());
    const context = await browser.newContext({ viewport: { width: 1280, height: 720 } });
    const page = await context.newPage();
    await page.goto(await inspectorLink({ url: service.url, view: '/', tenantId: 'default', secret }));
    await page.locator('table.calls tbody a').first().waitFor();

    const opens: number[] = [];
    for (let n = 0; n < Number(values.opens); n++) {
      await forget(client);
      opens.push(await openCall(page, `${service.url}/calls/${callId}`));
    }
    const fps = await framesWhileZooming(page);

    const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
    const stopIngest = ingest(client);
    const cold = await timesOf(60, async () => {
      await forget(client);
      return timed(() => read(service.url, `/calls/${callId}`, cookie));
    });
    const series = await timesOf(40, (n) => {
      const who = `participant=p${n % call.participants}&from=${call.startMs}&to=${call.endMs}&points=400`;
      return timed(() => read(service.url, `/calls/${callId}/series?${who}`, cookie));
    });
    const warm = await timesOf(60, () => timed(() => read(service.url, `/calls/${callId}`, cookie)));
    const ingested = await stopIngest();

    const result = {
      openMs: median(opens),
      bundleGzipKb: round(firstLoad.reduce((sum, { gzipBytes }) => sum + gzipBytes, 0) / 1000),
      fps: round(fps),
      apiP95Ms: p95(cold),
      apiMedianMs: median(cold),
      apiAgainP95Ms: p95(warm),
      seriesP95Ms: p95(series),
    };
    return {
      name: 'inspector',
      date: new Date().toISOString(),
      machine: machine(`Chromium ${browser.version()}`),
      sizes: {
        participants: call.participants,
        seconds: Math.round((call.endMs - call.startMs) / 1000),
        samples: call.samples,
        scores: call.scores,
        opens: opens.length,
        ingestedRowsPerSecond: ingested,
        commit: commit(),
      },
      result,
      limits: [
        limit('openMs', result.openMs, 1_500),
        limit('bundleGzipKb', result.bundleGzipKb, 200),
        { figure: 'fps (at least)', measured: result.fps, limit: 30, holds: result.fps >= 30 },
        limit('apiP95Ms', result.apiP95Ms, 150),
      ],
      details: { opensMs: opens, files },
    };
  } finally {
    for (const close of closers.toReversed()) await close();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Something new was written of the call: what is kept of its page holds no longer. */
async function forget(client: ClickHouseClient): Promise<void> {
  await client.command({
    query: `INSERT INTO call_summary SELECT * REPLACE (revision + 1 AS revision) FROM call_summary FINAL WHERE call_id = '${callId}'`,
  });
  // So long the inspector takes a page as it is without asking.
  await new Promise((resolve) => setTimeout(resolve, 1_600));
}

/** From the address to everything drawn: verdict, matrix, strips and charts. */
async function openCall(page: Page, address: string): Promise<number> {
  await page.goto('about:blank');
  const begun = performance.now();
  await page.goto(address);
  await page.locator('.plots[data-ready=true] .u-over').first().waitFor();
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  );
  return Math.round(performance.now() - begun);
}

/** Frames per second while somebody zooms in, pans through the call and out again, by key, ten times a second. */
async function framesWhileZooming(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const charts = document.querySelector<HTMLElement>('.charts')!;
    charts.scrollIntoView();
    const press = (key: string) => charts.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    const keys = [
      '+',
      '+',
      '+',
      ...Array(24).fill('ArrowRight'),
      '-',
      '-',
      '0',
      '+',
      '+',
      ...Array(8).fill('ArrowLeft'),
    ];
    let frames = 0;
    let going = true;
    const count = () => {
      frames++;
      if (going) requestAnimationFrame(count);
    };
    requestAnimationFrame(count);
    const begun = performance.now();
    for (const key of keys) {
      press(key);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    going = false;
    return (frames * 1000) / (performance.now() - begun);
  });
}

async function startInspector(clickhouseUrl: string, pageDir: string) {
  const child: ChildProcess = spawn(
    process.execPath,
    [path.join(import.meta.dirname, '../inspector/main.ts')],
    {
      env: {
        ...process.env,
        CALLSCOPE_SUPERVISED: '1',
        CALLSCOPE_INSPECTOR_PORT: '0',
        CALLSCOPE_CLICKHOUSE_URL: clickhouseUrl,
        CALLSCOPE_TOKEN_SECRET: secret,
        CALLSCOPE_INSPECTOR_PAGE_DIR: pageDir,
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const exited = once(child, 'exit');
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const said = JSON.parse(line) as { msg?: string; address?: string };
      if (said.msg === 'ready') resolve(said.address!);
    });
    void exited.then(() => reject(new Error('the inspector ended before it was ready')));
  });
  return {
    url,
    async stop() {
      child.stdin!.end();
      await exited;
    },
  };
}

async function read(url: string, where: string, cookie: string): Promise<void> {
  const answer = await fetch(`${url}/api/v1${where}`, { headers: { cookie } });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${where} answered ${answer.status}: ${text.slice(0, 300)}`);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

async function timesOf(count: number, one: (n: number) => Promise<number>): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < count; n++) times.push(await one(n));
  return times;
}

const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b);
const median = (values: readonly number[]): number => round(sorted(values)[Math.floor(values.length / 2)]!);
const p95 = (values: readonly number[]): number =>
  round(sorted(values)[Math.ceil(values.length * 0.95) - 1]!);
const round = (value: number): number => Math.round(value * 10) / 10;
