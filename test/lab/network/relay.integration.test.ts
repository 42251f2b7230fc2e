import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { type Line, type Network, startNetwork } from '../../../lab/network/network.ts';
import type { ImpairmentOptions } from '../../../lab/network/relay.ts';

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

async function openSocket(host: string): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, host);
  await once(socket, 'listening');
  toClose.push(() => socket.close());
  return socket;
}

/** A target that answers every packet with the same payload, and remembers from whom they came. */
async function echoTarget() {
  const socket = await openSocket('127.0.0.1');
  const seen: { port: number; text: string }[] = [];
  socket.on('message', (payload, from) => {
    seen.push({ port: from.port, text: payload.toString() });
    socket.send(payload, from.port, from.address);
  });
  return { port: socket.address().port, seen, socket };
}

async function openLine(options: Partial<ImpairmentOptions> & { targetPort: number }) {
  const network: Network = await startNetwork();
  toClose.push(() => network.close());
  return network.open({
    listenHost: '127.1.0.9',
    listenPort: 0,
    targetHost: '127.0.0.1',
    seed: 1,
    ...options,
  });
}

/**
 * A burst no receive buffer overflows when its reader is kept waiting: a small datagram costs the kernel 768 bytes
 * and a socket's default is 208 KiB, so the 278th would be lost where no counter sees it.
 */
const maxBurst = 200;

/** Sends numbered packets and returns the answers with their round-trip time, once `until` holds. */
async function exchange(
  client: Socket,
  line: Line,
  count: number,
  everyMs: number,
  until: () => Promise<boolean>,
) {
  const sentAt: number[] = [];
  const answers: { number: number; roundTripMs: number }[] = [];
  const listen = (payload: Buffer) => {
    const number = Number(payload.toString());
    answers.push({ number, roundTripMs: performance.now() - sentAt[number]! });
  };
  client.on('message', listen);
  if (everyMs === 0) expect(count).toBeLessThanOrEqual(maxBurst);
  for (let i = 0; i < count; i++) {
    sentAt[i] = performance.now();
    client.send(String(i), line.port, line.host);
    if (everyMs > 0) await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  await expect.poll(until, { timeout: 5000 }).toBe(true);
  client.off('message', listen);
  return answers;
}

const settled = (line: Line, count: number) => async () => {
  const { up, down } = await line.counters();
  const lost = (side: typeof up) => Object.values(side.dropped).reduce((sum, n) => sum + n, 0);
  return (
    up.packetsIn === count &&
    up.packetsOut + lost(up) === count &&
    down.packetsOut + lost(down) === up.packetsOut
  );
};

describe('relay over real sockets', () => {
  it('carries packets both ways, in order, and counts them', async () => {
    const target = await echoTarget();
    const line = await openLine({ targetPort: target.port });
    const client = await openSocket('127.0.0.1');
    const answers = await exchange(client, line, 200, 1, settled(line, 200));
    expect(answers.map(({ number }) => number)).toEqual(Array.from({ length: 200 }, (_, i) => i));
    const { up, down } = await line.counters();
    expect([up.packetsIn, up.packetsOut, down.packetsIn, down.packetsOut]).toEqual([200, 200, 200, 200]);
    expect(up.bytesIn).toBe(down.bytesOut);
  });

  it('gives each client an upstream address of its own and its own answers', async () => {
    const target = await echoTarget();
    const line = await openLine({ targetPort: target.port });
    const [one, two] = [await openSocket('127.0.0.1'), await openSocket('127.0.0.1')];
    const got: string[] = [];
    one.on('message', (payload) => got.push(`one ${payload}`));
    two.on('message', (payload) => got.push(`two ${payload}`));
    one.send('a', line.port, line.host);
    two.send('b', line.port, line.host);
    await expect.poll(() => got.toSorted()).toEqual(['one a', 'two b']);
    expect(new Set(target.seen.map(({ port }) => port)).size).toBe(2);
  });

  it('adds the delay of both directions to the round trip', async () => {
    const target = await echoTarget();
    const line = await openLine({ targetPort: target.port, up: { delayMs: 20 }, down: { delayMs: 30 } });
    const client = await openSocket('127.0.0.1');
    const answers = await exchange(client, line, 60, 5, settled(line, 60));
    const sorted = answers.map(({ roundTripMs }) => roundTripMs).toSorted((a, b) => a - b);
    const median = sorted[sorted.length >> 1]!;
    expect(sorted[0]).toBeGreaterThan(48);
    expect(median).toBeLessThan(56);
  });

  it('drops what the model drops, the same packets under the same seed, the other direction untouched', async () => {
    const target = await echoTarget();
    const survivors: number[][] = [];
    for (const listenHost of ['127.1.0.9', '127.1.0.10']) {
      const line = await openLine({ listenHost, targetPort: target.port, seed: 5, down: { lossRatio: 0.3 } });
      const client = await openSocket('127.0.0.1');
      const answers = await exchange(client, line, maxBurst, 0, settled(line, maxBurst));
      survivors.push(answers.map(({ number }) => number));
      const { up, down } = await line.counters();
      expect(up.dropped.loss).toBe(0);
      expect(down.dropped.loss).toBe(maxBurst - answers.length);
    }
    expect(survivors[0]!.length).toBeGreaterThan(100);
    expect(survivors[0]!.length).toBeLessThan(180);
    expect(survivors[1]).toEqual(survivors[0]);
  });

  it('can be changed while packets flow: cut off and back', async () => {
    const target = await echoTarget();
    const line = await openLine({ targetPort: target.port });
    const client = await openSocket('127.0.0.1');
    expect(await exchange(client, line, 5, 0, settled(line, 5))).toHaveLength(5);
    await line.change('up', { cutOff: true });
    expect(await exchange(client, line, 5, 0, settled(line, 10))).toHaveLength(0);
    expect((await line.counters()).up.dropped.cut_off).toBe(5);
    await line.change('up', { cutOff: false });
    expect(await exchange(client, line, 5, 0, settled(line, 15))).toHaveLength(5);
    await expect(line.change('up', { lossRatio: 2 })).rejects.toThrow(/lossRatio/);
  });

  it('shapes to the bit rate it is given', async () => {
    const target = await echoTarget();
    const line = await openLine({
      targetPort: target.port,
      down: { bandwidth: { bitrateBps: 400_000, queueMs: 2000 } },
    });
    const client = await openSocket('127.0.0.1');
    const arrivals: number[] = [];
    client.on('message', () => arrivals.push(performance.now()));
    const payload = Buffer.alloc(972);
    for (let i = 0; i < 40; i++) client.send(payload, line.port, line.host);
    await expect.poll(() => arrivals.length, { timeout: 5000 }).toBe(40);
    const bitrateBps = (39 * 1000 * 8) / ((arrivals.at(-1)! - arrivals[0]!) / 1000);
    expect(bitrateBps).toBeGreaterThan(360_000);
    expect(bitrateBps).toBeLessThan(440_000);
  });

  it('lets nobody but the target answer through it', async () => {
    const target = await echoTarget();
    const line = await openLine({ targetPort: target.port });
    const client = await openSocket('127.0.0.1');
    const got: string[] = [];
    client.on('message', (payload) => got.push(payload.toString()));
    client.send('first', line.port, line.host);
    await expect.poll(() => got).toEqual(['first']);
    const stranger = await openSocket('127.0.0.1');
    stranger.send('forged', target.seen[0]!.port, '127.0.0.1');
    client.send('second', line.port, line.host);
    await expect.poll(() => got).toEqual(['first', 'second']);
  });

  it('survives a target that is not there', async () => {
    const gone = await openSocket('127.0.0.1');
    const targetPort = gone.address().port;
    toClose.pop();
    gone.close();
    const line = await openLine({ targetPort });
    const client = await openSocket('127.0.0.1');
    for (let i = 0; i < 5; i++) client.send('x', line.port, line.host);
    await expect.poll(async () => (await line.counters()).up.packetsIn).toBe(5);
  });

  it('says so when its address is taken', async () => {
    const target = await echoTarget();
    const taken = await openSocket('127.1.0.9');
    await expect(openLine({ targetPort: target.port, listenPort: taken.address().port })).rejects.toThrow(
      /EADDRINUSE/,
    );
  });
});
