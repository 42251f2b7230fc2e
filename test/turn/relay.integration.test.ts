import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { Redis } from 'ioredis';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { selfMadeCertificate } from '../../runtime/embedded/certificate.ts';
import { type RelayHeartbeat, relayKeys, signOrder } from '../../telemetry/relays.ts';
import { freePorts } from '../../telemetry/service/ports.ts';
import { readRelays } from '../../telemetry/service/relay-registry.ts';
import { LocalFleet, type OrderResult } from '../../turn/fleet/LocalFleet.ts';
import { Relay } from '../../turn/relay/Relay.ts';
import { eventually, lives } from '../support/processes.ts';
import { relayThrough } from './support/uclient.ts';

const secret = 'a-secret-for-the-test';
const dir = mkdtempSync(path.join(os.tmpdir(), 'callscope-relay-'));
const log = pino({ level: process.env.CALLSCOPE_LOG_LEVEL || 'silent' });
const port = freePorts('127.0.0.1');
let redis: Redis;
let certificate: Awaited<ReturnType<typeof selfMadeCertificate>>;

beforeAll(async () => {
  redis = new Redis(inject('redisUrl'));
  certificate = await selfMadeCertificate(dir);
});
afterAll(async () => {
  redis.disconnect();
  rmSync(dir, { recursive: true, force: true });
});

const shared = () => ({
  region: 'test',
  host: '127.0.0.1',
  announcedHost: undefined,
  secret,
  redisUrl: inject('redisUrl'),
  capacityBps: 1e6,
  maxAllocations: 100,
  loopbackPeers: true,
  collector: null,
});

async function relay(relayId: string): Promise<Relay> {
  const started = await Relay.start({
    ...shared(),
    relayId,
    port: await port(),
    tls: certificate ? { port: await port(), ...certificate } : null,
    dataDir: path.join(dir, relayId),
    log,
  });
  onTestFinished(() => started.stop());
  return started;
}

const told = async (relayId: string): Promise<RelayHeartbeat | null | undefined> =>
  (await readRelays(redis)).get(relayId);
const portOf = (one: Relay, scheme: string, transport: string) =>
  Number(
    one.urls
      .find((url) => url.startsWith(`${scheme}:`) && url.endsWith(transport))
      ?.split(':')[2]
      ?.split('?')[0],
  );

/** Whether a STUN binding request is answered over TLS (coturn's own client loses its last packets there). */
function bindsOverTls(at: number): Promise<boolean> {
  const request = Buffer.from(`000100002112a442${'07'.repeat(12)}`, 'hex');
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ port: at, host: '127.0.0.1', rejectUnauthorized: false }, () =>
      socket.write(request),
    );
    socket.on('error', reject);
    socket.on('data', (reply) => {
      socket.destroy();
      resolve(reply.readUInt16BE(0) === 0x0101);
    });
  });
}

describe('a relay', () => {
  test('relays by UDP, TCP and TLS for credentials of its secret, and tells what it carries', async () => {
    const one = await relay('carries');
    expect(await told('carries')).toMatchObject({ state: 'serving', healthy: true, allocations: 0, load: 0 });
    // Over TCP first: the end of the connection ends the allocation, where coturn's client over UDP leaves some behind.
    const overTcp = await relayThrough({ secret, port: portOf(one, 'turn', 'tcp'), transport: 'tcp' });
    expect(overTcp).toMatch(/Total lost packets 0 /);
    await eventually('all allocations to be told as ended', () => {
      const { opened, closed, allocations } = one.heartbeat();
      return opened > 0 && opened === closed && allocations === 0;
    });
    await eventually('the heartbeat to say so', async () => ((await told('carries'))?.closed ?? 0) > 0);
    const overUdp = await relayThrough({ secret, port: portOf(one, 'turn', 'udp') });
    expect(overUdp).toMatch(/Total lost packets 0 /);
    if (certificate) expect(await bindsOverTls(portOf(one, 'turns', 'tcp'))).toBe(true);
  });

  test('refuses credentials that are forged or expired', async () => {
    const one = await relay('refuses');
    const at = portOf(one, 'turn', 'udp');
    const [forged, expired] = await Promise.all([
      relayThrough({ secret: 'not-the-secret', port: at }),
      relayThrough({ secret, port: at, ttlSeconds: -10 }),
    ]);
    expect(forged).toMatch(/Cannot complete Allocation/);
    expect(expired).toMatch(/Cannot complete Allocation/);
    expect(one.heartbeat().opened).toBe(0);
  });

  test('whose coturn is killed says so at once, and runs again as another', async () => {
    const one = await relay('killed');
    const before = one.heartbeat();
    const pid = one.pid!;
    const changed = new Redis(inject('redisUrl'));
    onTestFinished(() => changed.disconnect());
    const changes: string[] = [];
    changed.on('message', (_channel, relayId) => changes.push(relayId));
    await changed.subscribe(relayKeys.changed);
    process.kill(pid, 'SIGKILL');
    await eventually('the change to be told', () => changes.includes('killed'));
    await eventually(
      'another coturn',
      () => one.pid !== undefined && one.pid !== pid && one.heartbeat().healthy,
    );
    expect(one.heartbeat()).toMatchObject({ recentLosses: 1, state: 'serving' });
    expect(one.heartbeat().startedMs).toBeGreaterThan(before.startedMs);
  });

  test('signs off when it is stopped, and takes its coturn along', async () => {
    const one = await relay('stops');
    const pid = one.pid!;
    await one.stop();
    expect(lives(pid)).toBe(false);
    expect(await told('stops')).toBeUndefined();
  });
});

describe('the local fleet', () => {
  async function fleet(): Promise<LocalFleet> {
    const made = new LocalFleet({
      settings: { ...shared(), certificate: null },
      dataDir: path.join(dir, 'fleet'),
      firstPort: await port(),
      freePort: port,
      log,
    });
    onTestFinished(() => made.stop());
    return made;
  }
  let orders = 0;
  const order = (change: object) =>
    signOrder(
      {
        orderId: `order-${orders++}-of-the-test`,
        decisionId: 'f-1',
        region: 'test',
        start: 0,
        resume: [],
        drain: [],
        remove: [],
        reason: 'test',
        sentAtMs: Date.now(),
        ttlMs: 60_000,
        ...change,
      },
      secret,
    );

  test('starts, drains, resumes and ends relays as ordered, never one with calls', async () => {
    const local = await fleet();
    await local.start(1);
    const grown = (await local.take(order({ start: 1 }), Date.now())) as OrderResult;
    expect(grown.started).toEqual(['relay-2']);
    const second = local.relays[1]!;

    const early = (await local.take(order({ remove: ['relay-2'] }), Date.now())) as OrderResult;
    expect(early.left).toEqual({ 'relay-2': 'it is not draining' });
    await local.take(order({ drain: ['relay-2'] }), Date.now());
    expect(await told('relay-2')).toMatchObject({ state: 'draining' });
    await local.take(order({ resume: ['relay-2'] }), Date.now());
    expect(await told('relay-2')).toMatchObject({ state: 'serving' });

    await local.take(order({ drain: ['relay-2'] }), Date.now());
    const call = relayThrough({
      secret,
      port: portOf(second, 'turn', 'tcp'),
      transport: 'tcp',
      messages: 100,
    });
    await eventually('a call on it', () => (second.heartbeat().allocations ?? 0) > 0);
    const busy = (await local.take(order({ remove: ['relay-2'] }), Date.now())) as OrderResult;
    expect(busy.left['relay-2']).toMatch(/allocations are on it/);
    expect(await call).toMatch(/Total lost packets 0 /);
    await eventually('the call to end', () => second.heartbeat().allocations === 0);
    await local.take(order({ remove: ['relay-2'] }), Date.now());
    expect(local.relays.map(({ relayId }) => relayId)).toEqual(['relay-1']);
    expect(await told('relay-2')).toBeUndefined();
  });

  test('refuses orders that are forged, late, repeated or for another region', async () => {
    const local = await fleet();
    const good = order({ drain: ['relay-9'] });
    expect(await local.take(good, Date.now())).toMatchObject({ left: { 'relay-9': 'no such relay here' } });
    expect(await local.take(good, Date.now())).toBe('replayed');
    expect(await local.take({ ...order({}), signature: 'f'.repeat(64) }, Date.now())).toBe('forged');
    expect(await local.take(order({ start: 1 }), Date.now() + 120_000)).toBe('expired');
    expect(await local.take(order({ region: 'elsewhere', start: 1 }), Date.now())).toBe('malformed');
    expect(local.relays).toEqual([]);
  });
});
