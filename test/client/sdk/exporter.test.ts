import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { decodeLogs } from '../../../bench/sdk/otlp.ts';
import { Exporter, KEEPALIVE_LIMIT_BYTES, QUEUE_LIMIT_BYTES } from '../../../client/sdk/exporter.ts';
import { encodeLogRecords } from '../../../client/sdk/otlp.ts';
import type { Chunk } from '../../../client/sdk/queue.ts';

interface Received {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

type Answer = { status: number; headers?: Record<string, string> };

const received: Received[] = [];
const dropped: [number, string][] = [];
let answers: (Answer | Promise<Answer>)[] = [];
let exporter: Exporter;
let server: ReturnType<typeof createServer>;

beforeEach(async () => {
  received.length = 0;
  dropped.length = 0;
  answers = [];
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', async () => {
      received.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(parts) });
      const { status, headers } = (await answers.shift()) ?? { status: 200 };
      response.writeHead(status, headers).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  exporter = new Exporter('first-token', {
    url: `http://127.0.0.1:${port}/`,
    resource: () => [['rtc.source', 'client']],
    onDropped: (records, reason) => dropped.push([records, reason]),
    track: (work) => work(),
  });
});

afterEach(async () => {
  exporter.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const chunk = (name: string, transportId = '', padding = 0): Chunk => ({
  signal: 'logs',
  transportId,
  records: 1,
  bytes: encodeLogRecords([
    { eventName: name, timeMs: 1, attributes: padding ? [['padding', 'x'.repeat(padding)]] : [] },
  ]),
});

const namesOf = ({ body, headers }: Received) =>
  decodeLogs(body, headers['content-encoding']).map(({ eventName }) => eventName);

describe('sending', () => {
  it('does not carry off with a late answer what still waits for company', async () => {
    const late = Promise.withResolvers<Answer>();
    answers = [late.promise];
    exporter.push(chunk('a'));
    await vi.waitFor(() => expect(received).toHaveLength(1));
    exporter.push(chunk('b'), 60_000);
    late.resolve({ status: 200 });
    await vi.waitFor(() => expect(exporter.sentRecords).toBe(1));
    exporter.push(chunk('c'));
    await vi.waitFor(() => expect(exporter.sentRecords).toBe(3));
    expect(received.map(namesOf)).toEqual([['a'], ['b', 'c']]);
  });

  it('puts what came together into one gzipped request, with the transport on the resource', async () => {
    exporter.push(chunk('a'));
    exporter.push(chunk('b', 't1'));
    exporter.push(chunk('c', 't1'));
    await vi.waitFor(() => expect(exporter.sentRecords).toBe(3));
    expect(received).toHaveLength(1);
    const [request] = received;
    expect(request?.path).toBe('/v1/logs');
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer first-token',
      'content-type': 'application/x-protobuf',
      'content-encoding': 'gzip',
    });
    const logs = decodeLogs(request!.body, 'gzip');
    expect(
      logs.map(({ eventName, resource }) => [
        eventName,
        resource.get('rtc.transport_id'),
        resource.get('rtc.source'),
      ]),
    ).toEqual([
      ['a', undefined, 'client'],
      ['b', 't1', 'client'],
      ['c', 't1', 'client'],
    ]);
  });

  it('lets a held chunk wait, and takes it along when another leaves', async () => {
    exporter.push(chunk('held'), 60_000);
    exporter.push(chunk('now'));
    await vi.waitFor(() => expect(received).toHaveLength(1));
    expect(namesOf(received[0]!)).toEqual(['held', 'now']);
  });

  it('has one request in flight; what comes meanwhile follows in the next', async () => {
    const gate = Promise.withResolvers<Answer>();
    answers = [gate.promise];
    exporter.push(chunk('a'));
    await vi.waitFor(() => expect(received).toHaveLength(1));
    exporter.push(chunk('b'));
    exporter.push(chunk('c'));
    const flushed = exporter.flush();
    expect(received).toHaveLength(1);
    gate.resolve({ status: 200 });
    await flushed;
    expect(received.map(namesOf)).toEqual([['a'], ['b', 'c']]);
  });

  it('uses a new token from then on', async () => {
    exporter.token = 'second-token';
    exporter.push(chunk('a'));
    await exporter.flush();
    expect(received[0]?.headers.authorization).toBe('Bearer second-token');
  });
});

describe('failures', () => {
  it('sends the same bytes again after the server’s Retry-After, before anything newer', async () => {
    answers = [{ status: 503, headers: { 'retry-after': '1' } }];
    exporter.push(chunk('a'));
    await exporter.flush();
    const failedMs = Date.now();
    exporter.push(chunk('b'));
    await vi.waitFor(() => expect(exporter.sentRecords).toBe(2), 5_000);
    expect(Date.now() - failedMs).toBeGreaterThanOrEqual(950);
    expect(received.map(namesOf)).toEqual([['a'], ['a'], ['b']]);
    expect(received[1]?.body).toEqual(received[0]?.body);
    expect(dropped).toEqual([]);
  });

  it('keeps what it has while there is no answer at all', async () => {
    server.closeAllConnections();
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    exporter.push(chunk('a'));
    await exporter.flush();
    expect(exporter.queuedBytes).toBeGreaterThan(0);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    await vi.waitFor(() => expect(exporter.sentRecords).toBe(1), 5_000);
  });

  it('drops what is refused, says so, and goes on', async () => {
    answers = [{ status: 400 }];
    exporter.push(chunk('a'));
    await exporter.flush();
    exporter.push(chunk('b'));
    await exporter.flush();
    expect(dropped).toEqual([[1, 'refused_400']]);
    expect(received.map(namesOf)).toEqual([['a'], ['b']]);
    expect(exporter.queuedBytes).toBe(0);
  });

  it('stays within its memory while nothing can be sent', async () => {
    answers = [{ status: 503, headers: { 'retry-after': '60' } }];
    exporter.push(chunk('a'));
    await exporter.flush();
    for (let i = 0; i < 200; i++) exporter.push(chunk(`n${i}`, '', 20_000));
    expect(exporter.queuedBytes).toBeLessThanOrEqual(QUEUE_LIMIT_BYTES);
    expect(dropped.reduce((sum, [records]) => sum + records, 0)).toBeGreaterThan(0);
  });
});

describe('a page that goes away', () => {
  it('sends what waits at once, uncompressed, while a request is still under way', async () => {
    const gate = Promise.withResolvers<Answer>();
    answers = [gate.promise];
    exporter.push(chunk('a'));
    await vi.waitFor(() => expect(received).toHaveLength(1));
    exporter.push(chunk('b'));
    exporter.flushOnHide();
    // Again what was in flight, which the browser would abort, with the same bytes; and the rest.
    await vi.waitFor(() => expect(received).toHaveLength(3));
    expect(received.slice(1).map(namesOf).sort()).toEqual([['a'], ['b']]);
    gate.resolve({ status: 200 });
  });

  it('keeps what a browser would not let it send', async () => {
    exporter.push(chunk('big', '', KEEPALIVE_LIMIT_BYTES), 60_000);
    exporter.push(chunk('small'), 60_000);
    exporter.flushOnHide();
    await exporter.flush();
    expect(received.flatMap(namesOf).sort()).toEqual(['big', 'small']);
  });
});
