import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { openWay, type Way } from '../../../lab/failures/way.ts';

let echo: net.Server;
let way: Way;
afterEach(async () => {
  await way.close();
  echo.close();
});

async function open(): Promise<() => Promise<net.Socket>> {
  echo = net.createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  way = await openWay(`http://127.0.0.1:${(echo.address() as AddressInfo).port}`);
  return async () => {
    const socket = net.connect(Number(new URL(way.origin).port), '127.0.0.1').on('error', () => {});
    await once(socket, 'connect');
    return socket;
  };
}

const ended = (socket: net.Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()));

async function answerTo(socket: net.Socket, text: string): Promise<string> {
  socket.write(text);
  return String((await once(socket, 'data'))[0]);
}

test('an open way passes both directions on, and cuts what is open', async () => {
  const connect = await open();
  const socket = await connect();
  expect(await answerTo(socket, 'a')).toBe('a');
  const closed = ended(socket);
  way.cut();
  await closed;
  expect(await answerTo(await connect(), 'b')).toBe('b');
  expect(way.taken).toBe(2);
});

test('a way that refuses leaves open connections alone', async () => {
  const connect = await open();
  const before = await connect();
  expect(await answerTo(before, 'a')).toBe('a');
  way.set('refuse');
  await ended(net.connect(Number(new URL(way.origin).port), '127.0.0.1').on('error', () => {}));
  expect(await answerTo(before, 'b')).toBe('b');
});

test('what was swallowed comes when the way is open again', async () => {
  const connect = await open();
  const socket = await connect();
  expect(await answerTo(socket, 'a')).toBe('a');
  way.set('swallow');
  socket.write('b');
  const other = await connect();
  other.write('c');
  const heard: string[] = [];
  for (const one of [socket, other]) one.on('data', (bytes) => heard.push(String(bytes)));
  expect(await answerThrough('refuse-free')).toBe('refuse-free');
  expect(heard).toEqual([]);
  way.set('open');
  await Promise.all([once(socket, 'data'), once(other, 'data')]);
  expect(heard.sort()).toEqual(['b', 'c']);

  /** Past the way: the server itself answers all the while. */
  async function answerThrough(text: string): Promise<string> {
    const direct = net.connect((echo.address() as AddressInfo).port, '127.0.0.1');
    const answer = await answerTo(direct, text);
    direct.destroy();
    return answer;
  }
});

test('a slow way brings everything, late and in order', async () => {
  const connect = await open();
  way.set({ delayMs: 80 });
  const socket = await connect();
  const begun = performance.now();
  expect(await answerTo(socket, 'a')).toBe('a');
  expect(performance.now() - begun).toBeGreaterThanOrEqual(150);
});
