import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CHROMIUM_FLAGS, pageFiles } from '../../bench/sdk/browser.ts';
import { type DecodedLog, decodeLogs, decodeSpans } from '../../bench/sdk/otlp.ts';
import { openRoom, type Room, type RoomRequests } from '../../bench/sdk/room.ts';
import { openSink, type Sink } from '../../bench/sdk/sink.ts';
import { events, spans } from '../../telemetry/events.ts';

/** One participant in real Chromium with the SDK, two far ones, a real mediasoup router between them. */
let browser: Browser;
let room: Room;
let sink: Sink;
let page: Page;

const logs = (): DecodedLog[] =>
  sink.requests
    .filter(({ path }) => path === '/v1/logs')
    .flatMap(({ body, encoding }) => decodeLogs(body, encoding));
const named = (name: string) => logs().filter(({ eventName }) => eventName === name);
const spanList = () =>
  sink.requests
    .filter(({ path }) => path === '/v1/traces')
    .flatMap(({ body, encoding }) => decodeSpans(body, encoding));

/** The first sample of a stream may be older than the answer of the SFU that names its producer. */
const isBound = ({ attributes }: DecodedLog) => attributes.has('rtc.producer_id');

/** @returns all ids that the rows carry from the first one on that has one; a later row without counts as '' */
function idsOnceBound(rows: readonly DecodedLog[], key: string): Set<unknown> {
  const bySsrc = Map.groupBy(rows, ({ attributes }) => attributes.get('rtc.ssrc'));
  return new Set(
    [...bySsrc.values()].flatMap((stream) => {
      const ordered = stream.toSorted((a, b) => Number(a.timeUnixNano - b.timeUnixNano));
      return ordered.slice(ordered.findIndex(isBound)).map(({ attributes }) => attributes.get(key) ?? '');
    }),
  );
}

async function openPage(): Promise<Page> {
  const opened = await browser.newPage();
  await opened.exposeFunction('room', (method: keyof RoomRequests, data: never) =>
    room.request(method, data),
  );
  await opened.goto(sink.url);
  return opened;
}

beforeAll(async () => {
  room = await openRoom();
  sink = await openSink(await pageFiles());
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: CHROMIUM_FLAGS });
  const far = await openPage();
  page = await openPage();
  const producers = await far.evaluate(() => window.bench.sendAsFar(2));
  await page.evaluate(([ids, telemetry]) => window.bench.join(ids, telemetry), [
    producers,
    { url: sink.url, token: 'a-token' },
  ] as const);
});

afterAll(async () => {
  await browser?.close();
  await sink?.close();
  await room?.close();
});

describe('the SDK in a real call', () => {
  it('finds the peer connection in mediasoup-client’s transport and sends rows that name producer and consumer', async () => {
    await vi.waitFor(
      () => {
        const outbound = named('rtc.stats.outbound_rtp');
        const layers = outbound.filter(({ attributes }) => attributes.get('rtc.kind') === 'video');
        expect(new Set(layers.map(({ attributes }) => attributes.get('rtc.rid')))).toEqual(
          new Set(['r0', 'r1', 'r2']),
        );
        const inbound = named('rtc.stats.inbound_rtp');
        for (const { attributes, resource } of [...outbound, ...inbound].filter(isBound)) {
          expect(attributes.get('rtc.producer_id')).toMatch(/^[0-9a-f-]{36}$/);
          expect(resource.get('rtc.transport_id')).toMatch(/^[0-9a-f-]{36}$/);
          expect(resource.get('rtc.source')).toBe('client');
        }
        expect(idsOnceBound(layers, 'rtc.producer_id').size).toBe(1);
        expect(idsOnceBound(inbound, 'rtc.consumer_id').size).toBe(4);
        for (const kind of ['remote_inbound_rtp', 'remote_outbound_rtp', 'media_source']) {
          const rows = named(`rtc.stats.${kind}`);
          expect(rows.length, kind).toBeGreaterThan(0);
          expect(rows.some(isBound), kind).toBe(true);
        }
        for (const kind of ['candidate', 'candidate_pair', 'codec', 'certificate', 'transport'])
          expect(named(`rtc.stats.${kind}`).length, kind).toBeGreaterThan(0);
      },
      { timeout: 60_000, interval: 500 },
    );
  });

  it('tells ICE, DTLS, connection and pair of both transports', () => {
    const transports = new Set(
      named(events.iceState).map(({ resource }) => resource.get('rtc.transport_id')),
    );
    expect(transports.size).toBe(2);
    const states = (name: string) =>
      new Set(named(name).map(({ attributes }) => attributes.get('rtc.state')));
    expect(states(events.connectionState)).toContain('connected');
    expect(states(events.dtlsState)).toContain('connected');
    expect(named(events.icePairChanged)[0]?.attributes.get('rtc.local_type')).toBe('host');
  });

  it('explains the join with one trace that ends at the first frame', async () => {
    await vi.waitFor(() => expect(spanList().map(({ name }) => name)).toContain(spans.join), {
      timeout: 30_000,
    });
    const all = spanList();
    const join = all.find(({ name }) => name === spans.join)!;
    for (const name of [spans.ice, spans.dtls, spans.firstPacket, spans.firstFrame]) {
      const span = all.find((one) => one.name === name);
      expect(span?.traceId, name).toBe(join.traceId);
      expect(span?.parentSpanId, name).toBe(join.spanId);
      expect(span!.startNano >= join.startNano && span!.endNano <= join.endNano, name).toBe(true);
    }
  });

  it('sends the last sample when telemetry is closed', async () => {
    const before = sink.requests.length;
    await page.evaluate(() => window.bench.leave());
    expect(sink.requests.length).toBeGreaterThan(before);
    expect((await page.evaluate(() => window.bench.cost()))?.queuedBytes).toBe(0);
  });
});
