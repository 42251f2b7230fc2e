import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { events } from '../../telemetry/events.ts';
import { type RelayHeartbeat, relayKeys } from '../../telemetry/relays.ts';
import type { IceServerInfo } from '../../telemetry/signaling.ts';
import { signToken } from '../../telemetry/tokens.ts';
import { eventually } from '../support/processes.ts';
import { heartbeatOf } from '../support/relays.ts';
import { startTestNode, type TestNode, tokenSecret } from './support/node.ts';

const region = `sfu-${process.pid}`;
let redis: Redis;
let node: TestNode;
const ids = ['near', 'nearer', 'full', 'leaving', 'extra', 'another', 'last'].map(
  (name) => `${region}-${name}`,
);

const tell = async (name: string, change: Partial<RelayHeartbeat>) => {
  const relayId = `${region}-${name}`;
  const heartbeat = heartbeatOf(relayId, region, {
    urls: [`turn:${name}.example:3478?transport=udp`],
    ...change,
  });
  await redis.sadd(relayKeys.ids, relayId);
  await redis.set(relayKeys.heartbeat(relayId), JSON.stringify(heartbeat), 'PX', 60_000);
  await redis.publish(relayKeys.changed, relayId);
};
const namesIn = (servers: readonly IceServerInfo[]) =>
  servers.map(({ urls }) => /^turn:(\w+)\./.exec(urls[0] ?? '')?.[1]);

beforeAll(async () => {
  redis = new Redis(inject('redisUrl'));
  await tell('near', { load: 0.3 });
  await tell('nearer', { load: 0.1 });
  await tell('full', { load: 0.8 });
  await tell('leaving', { state: 'draining', load: 0 });
  node = await startTestNode({
    CALLSCOPE_REDIS_URL: inject('redisUrl'),
    CALLSCOPE_TURN_SECRET: 'the relay secret of the tests',
    CALLSCOPE_REGION: region,
  });
});
afterAll(async () => {
  await node?.stop();
  await redis.srem(relayKeys.ids, ...ids);
  await redis.del(ids.map(relayKeys.heartbeat));
  redis.disconnect();
});

const askFor = (token: string) =>
  fetch(`${node.url}/api/v1/ice-servers`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
const invite = (secret: string, ttlSeconds = 60) =>
  signToken('invite', { tenantId: 'acme', roomId: 'relays' }, { secret, ttlSeconds });

test('who joins is given the two relays with most room of this region, none that drains', async () => {
  await eventually(
    'relays to be known',
    async () => (await node.admit('relays', 'A')).iceServers.length === 2,
  );
  const { iceServers, participantId } = await node.admit('relays', 'B');
  expect(namesIn(iceServers)).toEqual(['nearer', 'near']);
  expect(iceServers.every(({ username }) => username?.endsWith(`:${participantId}`))).toBe(true);
});

test('credentials are given for an invitation, and refused and told of for anything else', async () => {
  const answer = (await (await askFor(await invite(tokenSecret))).json()) as { iceServers: IceServerInfo[] };
  expect(namesIn(answer.iceServers)).toEqual(['nearer', 'near']);
  const forged = await askFor(await invite('another secret of somebody'));
  const expired = await askFor(await invite(tokenSecret, -60));
  const none = await askFor('');
  expect([forged.status, expired.status, none.status]).toEqual([401, 401, 401]);
  await eventually('the refusals to be told', () => node.records(events.credentialsRefused).length === 3);
});

test('when a relay dies, everybody is told, with others; and nobody is given it any more', async () => {
  const client = await node.join('relays', 'C');
  await tell('nearer', { healthy: false });
  await eventually('the client to be told', () =>
    client.notifications.some(({ method }) => method === 'relaysLost'),
  );
  const lost = client.notifications.find(({ method }) => method === 'relaysLost')?.data as {
    urls: string[];
    certain: boolean;
    iceServers: IceServerInfo[];
  };
  expect(lost).toMatchObject({ urls: ['turn:nearer.example:3478?transport=udp'], certain: true });
  expect(namesIn(lost.iceServers)).toEqual(['near', 'full']);
  expect(namesIn((await node.admit('relays', 'D')).iceServers)).toEqual(['near', 'full']);
  client.close();
});

test('of the calls on a full relay some are asked to move to those with room, and not again at once', async () => {
  const clients = await Promise.all(['F', 'G', 'H', 'I', 'J', 'K'].map((name) => node.join('relays', name)));
  const moved = () =>
    clients.flatMap(({ notifications }) => notifications.filter(({ method }) => method === 'relaysLost'));
  // Four fifths of them: that nobody is asked comes once in 15,000 times.
  for (const name of ['full', 'extra', 'another', 'last']) await tell(name, { load: 0 });
  await tell('near', { load: 3.75 });
  await eventually('some to be asked', () => moved().length > 0);
  const asked = moved().length;
  const { urls, iceServers } = moved()[0]!.data as { urls: string[]; iceServers: IceServerInfo[] };
  expect(urls).toEqual(['turn:near.example:3478?transport=udp']);
  expect(namesIn(iceServers)).not.toContain('near');
  const told = () => node.records(events.relaysLost).filter((record) => record.why === 'full');
  await eventually('it to be told', () => told().length > 0);
  expect(told()).toHaveLength(1);
  expect(told()[0]).toMatchObject({ relay_ids: `${region}-near`, participants: asked });
  await tell('near', { load: 0.3 });
  await tell('full', { load: 0.8 });
  for (const name of ['extra', 'another', 'last']) await tell(name, { state: 'draining', load: 0 });
  for (const client of clients) client.close();
});

test('an ICE restart hands out others than the relay that the path was lost on', async () => {
  const client = await node.join('relays', 'E');
  const { transportId } = await client.request('createTransport', { direction: 'recv' });
  const lostRelayUrls = ['turn:near.example:3478?transport=udp'];
  const { iceServers, iceParameters } = await client.request('restartIce', { transportId, lostRelayUrls });
  expect(iceParameters.usernameFragment).toBeTruthy();
  expect(namesIn(iceServers)[0]).toBe('full');
  expect(namesIn(iceServers)).not.toContain('near');
  client.close();
});
