import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { PlainConnections } from '../../../collector/http/plain-connections.ts';
import type { Posted } from '../../../collector/http/posted.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const post = (body: string, ...headers: string[]) =>
  [
    'POST /v1/logs HTTP/1.1',
    'host: a',
    `content-length: ${Buffer.byteLength(body)}`,
    ...headers,
    '',
    body,
  ].join('\r\n');

test('wherever it is cut, a request is read whole', async () => {
  const { connect } = await serve();
  const request = Buffer.from(post('{"ä":1}', 'content-type: application/json'));
  const bodyStart = request.indexOf('\r\n\r\n') + 4;
  for (const cut of [1, 4, 30, bodyStart - 2, bodyStart, bodyStart + 3, request.length - 1]) {
    const peer = await connect();
    peer.socket.write(request.subarray(0, cut));
    await delay(5);
    peer.socket.write(request.subarray(cut));
    await expect.poll(peer.text).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nplain {"ä":1}$/s);
  }
});

test('requests that come together are answered in order, one at a time', async () => {
  const { connect, mostAtOnce } = await serve();
  const peer = await connect();
  peer.socket.write(Array.from({ length: 40 }, (_, n) => post(`<${n}>`)).join(''));
  const expected = Array.from({ length: 40 }, (_, n) => `plain <${n}>`);
  await expect.poll(() => peer.text().match(/plain <\d+>/g)).toEqual(expected);
  expect(mostAtOnce()).toBe(1);
});

test('what is not plain is answered by node:http, and so is what follows it', async () => {
  const { connect } = await serve();
  const peer = await connect();
  const chunked =
    'POST /v1/logs HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nchunk\r\n0\r\n\r\n';
  peer.socket.write(post('first') + chunked + post('third'));
  await expect
    .poll(() => peer.text().match(/(plain|node) [a-z]+/g))
    .toEqual(['plain first', 'node chunk', 'node third']);
});

test('a head in pieces that turns out not to be plain loses nothing', async () => {
  const { connect } = await serve();
  const peer = await connect();
  for (const piece of ['POST /v1/lo', 'gs?q HTTP/1.1\r\nhost: a\r\ncontent-le', 'ngth: 4\r\n\r\nbo', 'dy']) {
    peer.socket.write(piece);
    await delay(5);
  }
  await expect.poll(peer.text).toContain('node body');
});

test('who says no more after the last request still gets its answer, and the connection ends', async () => {
  const { connect } = await serve();
  const peer = await connect();
  peer.socket.end(post('one') + post('two'));
  await once(peer.socket, 'close');
  expect(peer.text().match(/plain [a-z]+/g)).toEqual(['plain one', 'plain two']);
});

test('who leaves in the middle of a request is forgotten', async () => {
  const { connect, received } = await serve();
  const peer = await connect();
  peer.socket.end(post('whole').slice(0, -2));
  await once(peer.socket, 'close');
  expect([peer.text(), received()]).toEqual(['', 0]);
});

test('a request that does not come is given up, and so is a silent connection', async () => {
  const { connect } = await serve({ requestTimeout: 60, keepAliveTimeout: 120 });
  const [slow, silent] = [await connect(), await connect()];
  slow.socket.write(post('whole').slice(0, -2));
  await Promise.all([once(slow.socket, 'close'), once(silent.socket, 'close')]);
  expect(slow.text()).toMatch(/^HTTP\/1\.1 408 /);
  expect(silent.text()).toBe('');
});

test('on stop, idle connections end at once and those at work with their answer', async () => {
  const { connect, close, release } = await serve({ hold: true });
  const [idle, busy] = [await connect(), await connect()];
  busy.socket.write(post('last'));
  await release.asked;
  const closed = close();
  await once(idle.socket, 'close');
  expect(busy.text()).toBe('');
  release.go();
  await once(busy.socket, 'close');
  expect(busy.text()).toMatch(/^HTTP\/1\.1 200 .*connection: close\r\n.*plain last$/s);
  await closed;
});

async function serve(options: { requestTimeout?: number; keepAliveTimeout?: number; hold?: boolean } = {}) {
  let atOnce = 0;
  let mostAtOnce = 0;
  let received = 0;
  const asked = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  if (!options.hold) go.resolve();
  const receive = async (posted: Posted) => {
    received++;
    mostAtOnce = Math.max(mostAtOnce, ++atOnce);
    asked.resolve();
    const body = await posted.body();
    await go.promise;
    await delay(1);
    atOnce--;
    posted.answer(200, { 'content-type': 'text/plain' }, Buffer.concat([Buffer.from('plain '), body]));
  };
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => response.end(`node ${Buffer.concat(chunks)}`));
  });
  server.requestTimeout = options.requestTimeout ?? 30_000;
  server.keepAliveTimeout = options.keepAliveTimeout ?? 65_000;
  const plain = new PlainConnections(server, receive, 10);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const peers: Socket[] = [];
  const close = () => {
    plain.close();
    return new Promise((resolve) => server.close(resolve));
  };
  closers.push(async () => {
    for (const socket of peers) socket.destroy();
    await close();
  });
  return {
    close,
    release: { asked: asked.promise, go: () => go.resolve() },
    mostAtOnce: () => mostAtOnce,
    received: () => received,
    async connect() {
      const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
      peers.push(socket);
      const chunks: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      await once(socket, 'connect');
      return { socket, text: () => Buffer.concat(chunks).toString() };
    },
  };
}
