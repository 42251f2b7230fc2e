import { describe, expect, test } from 'vitest';
import { Allocations } from '../../../turn/relay/Allocations.ts';
import { coturnConfig } from '../../../turn/relay/coturn.ts';
import { cpuMeter, readCpuSeconds } from '../../../turn/relay/cpu.ts';
import { saturation } from '../../../turn/relay/load.ts';
import type { StatusMessage } from '../../../turn/relay/status.ts';

const held = (allocationId: string, transport: 'udp' | 'tcp' = 'udp'): StatusMessage => ({
  kind: 'held',
  allocationId,
  transport,
});
const traffic = (allocationId: string, bytesUp: number, bytesDown = 0): StatusMessage => ({
  kind: 'traffic',
  allocationId,
  traffic: { packetsUp: 10, bytesUp, packetsDown: 5, bytesDown },
});

describe('allocations', () => {
  test('are counted once, however often they are refreshed, until they are deleted', () => {
    const allocations = new Allocations();
    allocations.take(held('a'), 0);
    allocations.take(held('a'), 10);
    allocations.take(held('b', 'tcp'), 20);
    expect(allocations.size).toBe(2);
    expect(allocations.sessions()).toEqual({ udp: 1, tcp: 1, tls: 0, dtls: 0 });
    allocations.take({ kind: 'deleted', allocationId: 'a' }, 30);
    allocations.take({ kind: 'deleted', allocationId: 'a' }, 40);
    expect([allocations.size, allocations.opened, allocations.closed]).toEqual([1, 2, 1]);
  });

  test('carry what their last report says, and less the longer no other comes', () => {
    const allocations = new Allocations();
    allocations.take(held('a'), 0);
    allocations.take(traffic('a', 100_000, 25_000), 1_000);
    expect(allocations.bitsPerSecond(1_000)).toBe(1_000_000);
    expect(allocations.bitsPerSecond(1_500)).toBe(1_000_000);
    expect(allocations.bitsPerSecond(2_000)).toBe(1_000_000);
    expect(allocations.bitsPerSecond(11_000)).toBe(100_000);
    expect(allocations.total).toEqual({ packetsUp: 10, bytesUp: 100_000, packetsDown: 5, bytesDown: 25_000 });
  });

  describe('whose first report is due', () => {
    /** Of four that began together, one carries 1 Mbit/s and the others are idle. */
    const settled = () => {
      const allocations = new Allocations();
      for (const id of ['a', 'b', 'c', 'd']) allocations.take(held(id), 0);
      for (let second = 1; second <= 40; second++) allocations.take(traffic('a', 125_000), second * 1_000);
      expect(allocations.bitsPerSecond(40_000)).toBe(1_000_000);
      return allocations;
    };

    test('are taken to carry what those before carry on average, for 20 s', () => {
      const allocations = settled();
      allocations.take(held('new'), 40_000);
      expect(allocations.bitsPerSecond(40_000)).toBe(1_250_000);
      allocations.take(traffic('a', 125_000 * 20), 60_000);
      expect(allocations.bitsPerSecond(60_000)).toBe(1_000_000);
    });

    test('carry what they say once they have said it', () => {
      const allocations = settled();
      allocations.take(held('new'), 40_000);
      allocations.take(traffic('new', 50_000), 41_000);
      expect(allocations.bitsPerSecond(41_000)).toBe(1_400_000);
    });

    test('are taken for a call’s as long as there were none before, and are remembered after all are gone', () => {
      const allocations = new Allocations();
      allocations.take(held('a'), 0);
      expect(allocations.bitsPerSecond(1)).toBe(100_000);
      const later = settled();
      for (const allocationId of ['a', 'b', 'c', 'd']) later.take({ kind: 'deleted', allocationId }, 41_000);
      expect(later.bitsPerSecond(41_000)).toBe(0);
      later.take(held('new'), 42_000);
      expect(later.bitsPerSecond(42_000)).toBe(250_000);
    });
  });

  test('keep their traffic in the total after they are gone', () => {
    const allocations = new Allocations();
    allocations.take(held('a'), 0);
    allocations.take(traffic('a', 500), 1_000);
    allocations.clear();
    allocations.take(traffic('a', 500), 1_001);
    expect(allocations.total.bytesUp).toBe(1_000);
    expect(allocations.bitsPerSecond(1_001)).toBe(0);
  });

  test('are corrected after a gap in the messages', () => {
    const allocations = new Allocations();
    for (const id of ['a', 'b', 'c']) allocations.take(held(id), 0);
    allocations.keepOnly(new Set(['b']));
    expect([allocations.size, allocations.closed]).toEqual([1, 2]);
  });
});

test.each([
  [{ bitsPerSecond: 5e6, allocations: 1, cpuRatio: 0.1 }, 0.5],
  [{ bitsPerSecond: 0, allocations: 40, cpuRatio: undefined }, 0.8],
  [{ bitsPerSecond: 0, allocations: 0, cpuRatio: 0.95 }, 0.95],
])('a relay is as full as what is nearest its limit: %o', (use, ratio) => {
  expect(saturation(use, { capacityBps: 10e6, maxAllocations: 50 })).toBe(ratio);
});

describe('CPU', () => {
  test('is read past a name with brackets', () => {
    const fields = Array.from({ length: 20 }, (_, i) => String(i));
    fields[11] = '150';
    fields[12] = '50';
    expect(readCpuSeconds(`42 (turn (x) y) ${fields.join(' ')}`)).toBe(2);
  });

  test('of this process is a share; of one that is gone it is not known', () => {
    const meter = cpuMeter(1);
    expect(meter(process.pid, 0)).toBeUndefined();
    expect(meter(process.pid, 1_000)).toBeGreaterThanOrEqual(0);
    expect(meter(0x3fffffff, 2_000)).toBeUndefined();
  });
});

describe('configuration of coturn', () => {
  const settings = {
    dataDir: '/data',
    realm: 'relay-1',
    host: '127.0.0.1',
    port: 3478,
    tls: null,
    secret: 'a-secret-for-the-test',
    redisUrl: 'redis://:pw@127.0.0.1:6379',
    loopbackPeers: true,
  };

  test('lets nobody in without credentials, and tells Redis', () => {
    const text = coturnConfig(settings);
    expect(text).toMatch(/^use-auth-secret$/m);
    expect(text).toMatch(/^no-cli$/m);
    expect(text).toContain('redis-statsdb="ip=127.0.0.1 dbname=0 password=pw port=6379 connect_timeout=30"');
  });

  test.each([
    ['a line break in the secret', { secret: 'x\nallow-guests' }, /secret/],
    ['a Redis over TLS', { redisUrl: 'rediss://h:1' }, /redis:\/\//],
    ['a Redis with users', { redisUrl: 'redis://me:pw@h:1' }, /user name/],
    ['a password that ends the line', { redisUrl: 'redis://:a%22b@h:1' }, /password/],
  ])('refuses %s', (_what, change, message) => {
    expect(() => coturnConfig({ ...settings, ...change })).toThrow(message);
  });
});
