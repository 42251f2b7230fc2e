/**
 * What the browser SDK costs one participant of a three-party call: bundle, bytes on the wire, main thread.
 *
 * A real mediasoup router carries the call; the measured page sends one microphone and one camera in three VP8
 * layers and receives two microphones and two cameras, over two peer connections. Counted are ten-second slices after
 * the join in which sampling was calm (2 s), so the figures are those of every quiet minute.
 */
import { loadavg } from 'node:os';
import { gzipSync } from 'node:zlib';
import { type Browser, chromium, type Page } from 'playwright-core';
import { signToken } from '../telemetry/tokens.ts';
import { type Benchmark, type BenchmarkReport, commit, limit, machine, type Peer } from './benchmark.ts';
import { CHROMIUM_FLAGS, pageFiles } from './sdk/browser.ts';
import { decodeLogs } from './sdk/otlp.ts';
import { timeInScript } from './sdk/profile.ts';
import { openRoom, type Room, type RoomRequests } from './sdk/room.ts';
import { openSink, type ReceivedRequest, type Sink } from './sdk/sink.ts';

const LIMITS = { bundleGzipKb: 20, wireGzipKbPerMinute: 60, mainThreadMsPerMinute: 80 } as const;

/** The join, and ten seconds of fast sampling after it. */
const WARM_UP_MS = 20_000;
const SLICE_MS = 10_000;
/** A busy machine makes real hiccups that speed sampling up: the call may take this much longer to be calm enough. */
const PATIENCE = 5;
const CALM_COLLECTIONS_PER_MINUTE = 60;
const PROFILE_MS = 30_000;
/** Finer would slow the code it watches: each sample stops the thread. */
const PROFILE_INTERVAL_US = 500;

/**
 * Frames and headers of one more POST on a connection: with HPACK the some twenty headers, the token among them,
 * are table references of one or two bytes after the first request; 2 x 9 bytes of frame header, the length.
 * Pages with a microphone need HTTPS, and over it browsers and every proxy speak HTTP/2.
 */
const HTTP2_REQUEST_BYTES = 70;

/** What others need, measured on the same kind of call (three participants, three VP8 layers). */
const peers: readonly Peer[] = [
  {
    name: 'rtcstats (Jitsi) at 1 s',
    bundleGzipKb: 17.6,
    wireGzipKbPerMinute: 123,
    measured: 'changed members as JSON, bodies gzipped',
  },
  {
    name: 'rtcstats (Jitsi) at 10 s',
    bundleGzipKb: 17.6,
    wireGzipKbPerMinute: 14,
    measured: 'changed members as JSON, bodies gzipped',
  },
  {
    name: 'ObserveRTC client-monitor',
    bundleGzipKb: 29.2,
    wireGzipKbPerMinute: 38,
    measured: 'default, a sample every 8 s, JSON gzipped (18 with its protobuf encoder, bundle 74)',
  },
  { name: 'PeerMetrics', bundleGzipKb: 7.8, wireGzipKbPerMinute: 231, measured: 'default, JSON gzipped' },
  {
    name: 'OpenTelemetry JS, OTLP logs',
    bundleGzipKb: 15.2,
    wireGzipKbPerMinute: 69,
    measured: 'every member of every object, 2 s samples, one request in 10 s, protobuf gzipped',
  },
  {
    name: 'getStats as JSON at 1 s',
    bundleGzipKb: null,
    wireGzipKbPerMinute: 291,
    measured: 'full reports, each gzipped alone',
  },
];

export const sdkBenchmark: Benchmark = {
  summary: 'what the browser SDK costs: bundle, wire bytes, main thread',
  usage: '--seconds N (calm seconds to measure, default 60)',
  run: runSdkBenchmark,
};

async function runSdkBenchmark(args: readonly string[]): Promise<BenchmarkReport> {
  const seconds = secondsOf(args);
  const files = await pageFiles();
  const room = await openRoom();
  const sink = await openSink(files);
  let browser: Browser | undefined;
  try {
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: CHROMIUM_FLAGS });
    const measured = await measure(browser, room, sink, seconds);
    return report(browser.version(), files.get('/sdk.js') ?? '', measured);
  } finally {
    await browser?.close();
    await sink.close();
    await room.close();
  }
}

/** Ten seconds of the call: two windows, so usually two requests. */
interface Slice {
  readonly seconds: number;
  readonly requests: readonly ReceivedRequest[];
  readonly collections: number;
  readonly mainThreadMs: number;
}

interface Measured {
  /** From the click to the first slice: the join, and sampling fast after it. */
  readonly warmUp: { readonly seconds: number; readonly bodyKb: number; readonly mainThreadMs: number };
  readonly slices: readonly Slice[];
  readonly profiledMsPerMinute: number;
  readonly droppedRecords: number;
}

async function measure(browser: Browser, room: Room, sink: Sink, seconds: number): Promise<Measured> {
  const far = await openPage(browser, room, sink);
  const page = await openPage(browser, room, sink);
  const producers = await far.evaluate(() => window.bench.sendAsFar(2));
  const token = await signToken(
    'telemetry',
    { tenantId: 'acme', roomId: 'weekly', callId: crypto.randomUUID(), participantId: crypto.randomUUID() },
    { secret: crypto.randomUUID(), ttlSeconds: 3600 },
  );
  const joinedMs = Date.now();
  await page.evaluate(([ids, options]) => window.bench.join(ids, options), [
    producers,
    { url: sink.url, token },
  ] as const);
  await pause(WARM_UP_MS);
  const { mainThreadMs } = await cost(page);
  const warmUp = {
    seconds: (Date.now() - joinedMs) / 1000,
    bodyKb: sum(sink.requests, ({ body }) => body.length) / 1000,
    mainThreadMs,
  };
  const slices: Slice[] = [];
  const giveUpMs = Date.now() + seconds * 1000 * PATIENCE;
  while (sum(slices.filter(isCalm), (slice) => slice.seconds) < seconds && Date.now() < giveUpMs) {
    slices.push(await measureSlice(page, sink));
  }
  const profiledMsPerMinute = await profile(page);
  await page.evaluate(() => window.bench.leave());
  const { droppedRecords } = await cost(page);
  return { warmUp, slices, profiledMsPerMinute, droppedRecords };
}

async function measureSlice(page: Page, sink: Sink): Promise<Slice> {
  const startMs = Date.now();
  const firstRequest = sink.requests.length;
  const before = await cost(page);
  await pause(SLICE_MS);
  const after = await cost(page);
  return {
    seconds: (Date.now() - startMs) / 1000,
    requests: sink.requests.slice(firstRequest),
    collections: after.collections - before.collections,
    mainThreadMs: after.mainThreadMs - before.mainThreadMs,
  };
}

/** Two connections at 2 s make one collection a second; one more for the slice's edges. */
function isCalm({ collections, seconds }: Slice): boolean {
  return collections <= seconds + 2;
}

async function openPage(browser: Browser, room: Room, sink: Sink): Promise<Page> {
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(`page: ${error.message}`));
  await page.exposeFunction('room', (method: keyof RoomRequests, data: never) => room.request(method, data));
  await page.goto(sink.url);
  return page;
}

async function cost(page: Page) {
  const value = await page.evaluate(() => window.bench.cost());
  if (!value) throw new Error('the measured page has no telemetry: join() must come first');
  return value;
}

/** The SDK's time on the main thread by V8's sampling profiler, per minute at the calm pace. */
async function profile(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('Profiler.enable');
  await session.send('Profiler.setSamplingInterval', { interval: PROFILE_INTERVAL_US });
  const before = await cost(page);
  await session.send('Profiler.start');
  await pause(PROFILE_MS);
  const { profile } = await session.send('Profiler.stop');
  const after = await cost(page);
  await session.detach();
  // On a busy machine the call moves and is sampled faster: count per collection.
  const perCollection =
    timeInScript(profile, '/sdk.js', PROFILE_INTERVAL_US) /
    Math.max(after.collections - before.collections, 1);
  return perCollection * CALM_COLLECTIONS_PER_MINUTE;
}

function report(browserVersion: string, sdkScript: string, measured: Measured): BenchmarkReport {
  const calm = measured.slices.filter(isCalm);
  if (calm.length === 0) {
    console.warn('The call was never calm: the machine is too busy for it. Figures are of fast sampling.');
  }
  const slices = calm.length > 0 ? calm : measured.slices;
  const seconds = sum(slices, (slice) => slice.seconds);
  const perMinute = (total: number, digits = 1) => round((total / seconds) * 60, digits);
  const requests = slices.flatMap((slice) => slice.requests);
  const bodyBytes = sum(requests, ({ body }) => body.length);
  const headerBytes = sum(requests, (request) => request.headerBytes);
  const records = requests
    .filter(({ path }) => path === '/v1/logs')
    .flatMap(({ body, encoding }) => decodeLogs(body, encoding));
  const result = {
    bundleGzipKb: round(gzipSync(sdkScript, { level: 9 }).length / 1000, 1),
    wireGzipKbPerMinute: perMinute((bodyBytes + requests.length * HTTP2_REQUEST_BYTES) / 1000),
    mainThreadMsPerMinute: perMinute(sum(slices, ({ mainThreadMs }) => mainThreadMs)),
    bodyGzipKbPerMinute: perMinute(bodyBytes / 1000),
    wireHttp1KbPerMinute: perMinute((bodyBytes + headerBytes) / 1000),
    mainThreadProfiledMsPerMinute: round(measured.profiledMsPerMinute, 1),
  };
  return {
    name: 'sdk',
    date: new Date().toISOString(),
    machine: machine(`Chromium ${browserVersion}`),
    sizes: {
      seconds: round(seconds, 1),
      requestsPerMinute: perMinute(requests.length),
      recordsPerMinute: perMinute(records.length, 0),
      attributesPerMinute: perMinute(
        sum(records, ({ attributes }) => attributes.size),
        0,
      ),
      collectionsPerMinute: perMinute(sum(slices, ({ collections }) => collections)),
      slices: measured.slices.length,
      calmSlices: calm.length,
      loadAverage: round(loadavg()[0] ?? 0, 1),
    },
    result,
    limits: Object.entries(LIMITS).map(([figure, upper]) =>
      limit(figure, result[figure as keyof typeof LIMITS], upper),
    ),
    peers: [
      {
        name: 'Callscope',
        bundleGzipKb: result.bundleGzipKb,
        wireGzipKbPerMinute: result.bodyGzipKbPerMinute,
        measured:
          'every number of every stream, 2 s samples, one request per 5 s window, OTLP protobuf gzipped',
      },
      ...peers,
    ],
    details: {
      commit: commit(),
      wire: `gzipped bodies plus ${HTTP2_REQUEST_BYTES} bytes a request, as over HTTP/2; wireHttp1: bodies plus the headers as received over HTTP/1.1; peers: bodies only`,
      bundle: 'esbuild --minify, ESM, gzip -9',
      mainThread:
        'sum of the SDK’s own synchronous time (performance.now); profiled: V8 samples with the SDK’s script on the stack, times of preemption left out',
      warmUp: measured.warmUp,
      droppedRecords: measured.droppedRecords,
      recordsByEvent: Object.fromEntries(
        Object.entries(Object.groupBy(records, ({ eventName }) => eventName)).map(([name, list]) => [
          name,
          list?.length ?? 0,
        ]),
      ),
    },
  };
}

function secondsOf(args: readonly string[]): number {
  const at = args.indexOf('--seconds');
  if (at < 0) return 60;
  const seconds = Number(args[at + 1]);
  if (!(seconds >= 10)) throw new Error(`--seconds must be a number of at least 10, not "${args[at + 1]}"`);
  return seconds;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function sum<T>(list: readonly T[], of: (item: T) => number): number {
  return list.reduce((total, item) => total + of(item), 0);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
