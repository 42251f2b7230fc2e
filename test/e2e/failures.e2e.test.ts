/** Parts of the media service are killed under a call of real Chromium participants, who must not have to do anything. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { buildClient, defaultPageDir } from '../../client/build.ts';
import { openWay, type Way } from '../../lab/failures/way.ts';
import { startRedis } from '../../runtime/embedded/redis.ts';
import { freePort, startTestNode, type TestNode } from '../sfu/support/node.ts';
import { openBrowser, type Person, type TestBrowser } from '../support/browser.ts';
import { hearsAndSees, joinAs as joined, tileOf } from '../support/meeting.ts';
import { until } from '../support/waiting.ts';

let browser: TestBrowser;
const people: Person[] = [];
const nodes: TestNode[] = [];
const ways: Way[] = [];

beforeAll(async () => {
  await buildClient(defaultPageDir);
  browser = await openBrowser();
});
afterAll(() => browser?.close());
afterEach(async () => {
  for (const person of people.splice(0)) await person.leaveTheRoom();
  for (const node of nodes.splice(0)) await node.stop();
  for (const way of ways.splice(0)) await way.close();
});

async function startNode(env: Record<string, string> = {}): Promise<TestNode> {
  const node = await startTestNode({ CALLSCOPE_PAGE_DIR: defaultPageDir, ...env });
  nodes.push(node);
  return node;
}

/** Two ways to one node, each an entrance. */
async function startNodeBehindWays(): Promise<{ node: TestNode; ways: [Way, Way] }> {
  const port = await freePort();
  const target = `http://127.0.0.1:${port}`;
  const opened: [Way, Way] = [await openWay(target), await openWay(target)];
  ways.push(...opened);
  const node = await startNode({
    CALLSCOPE_SFU_PORT: String(port),
    CALLSCOPE_SFU_ENTRANCES: opened.map(({ origin }) => origin).join(','),
  });
  return { node, ways: opened };
}

const joinAs = async (name: string, origin: string, roomId = 'failures') => {
  const person = await browser.person();
  people.push(person);
  return joined(person, name, origin, roomId);
};

/** Frames keep coming, from the same connections all the while. */
async function seesOn(person: Person): Promise<void> {
  const { framesDecoded } = await person.heard();
  await until('new frames', async () => (await person.heard()).framesDecoded >= framesDecoded + 5);
}

test('a media worker is killed: everybody is back by themselves, muted who was muted, the shared screen still shared', async () => {
  const node = await startNode();
  const ana = await joinAs('Ana', node.url);
  const bo = await joinAs('Bo', node.url);
  const cy = await joinAs('Cy', node.url);
  await Promise.all([ana, bo, cy].map(hearsAndSees));
  await cy.page.getByRole('button', { name: 'Mute', exact: true }).click();
  await tileOf(ana, 'Cy').getByRole('img', { name: 'muted' }).waitFor();
  await ana.page.getByRole('button', { name: 'Share screen' }).click();
  await bo.page.locator('.screens .tile[data-video="on"]').waitFor();
  const [call] = node.rooms.calls;
  const before = [...call!.room!.participants.keys()];

  process.kill(node.workers.slots[0]!.worker.pid, 'SIGKILL');
  await until('everybody sends and receives anew', async () => {
    const participants = [...(node.rooms.call(call!.callId)?.room?.participants.values() ?? [])];
    return participants.length === 3 && participants.every(({ consumers }) => consumers.size >= 4);
  });
  await Promise.all([ana, bo, cy].map(hearsAndSees));
  await bo.page.locator('.screens .tile[data-video="on"]').waitFor();
  await tileOf(ana, 'Cy').getByRole('img', { name: 'muted' }).waitFor();
  expect(await tileOf(ana, 'Bo').getByRole('img', { name: 'muted' }).isVisible()).toBe(false);
  // The same people, over the same sockets: nobody had to be admitted again.
  expect([...call!.room!.participants.keys()]).toEqual(before);
  expect(node.records('rtc.participant.joined')).toHaveLength(6);

  // What they do from here on reaches the new worker.
  await cy.page.getByRole('button', { name: 'Unmute' }).click();
  await tileOf(ana, 'Cy').getByRole('img', { name: 'muted' }).waitFor({ state: 'hidden' });
  expect([ana, bo, cy].flatMap(({ faults }) => faults)).toEqual([]);
});

test.each<[string, (way: Way) => void]>([
  ['cut', (way) => way.cut()],
  [
    'cut, and new connections are refused',
    (way) => {
      way.set('refuse');
      way.cut();
    },
  ],
  ['a black hole', (way) => way.set('swallow')],
  ['slow', (way) => way.set({ delayMs: 2_500 })],
])('the way to the server is %s: the session goes on over another, media never stops', async (_, spoil) => {
  const { node, ways } = await startNodeBehindWays();
  const ana = await joinAs('Ana', ways[0].origin);
  const bo = await joinAs('Bo', ways[1].origin);
  await Promise.all([ana, bo].map(hearsAndSees));
  const [call] = node.rooms.calls;
  const before = [...call!.room!.participants.values()];
  const media = before.map(({ transports }) => [...transports.keys()]);

  spoil(ways[0]);
  await until('the session goes on', async () => node.records('rtc.signaling.resumed').length > 0);
  await ana.page.locator('.banner.lost').waitFor({ state: 'hidden' });
  await Promise.all([seesOn(ana), seesOn(bo)]);
  // What is done now reaches the other.
  await ana.page.getByRole('button', { name: 'Mute', exact: true }).click();
  await tileOf(bo, 'Ana').getByRole('img', { name: 'muted' }).waitFor();
  expect([...call!.room!.participants.values()]).toEqual(before);
  expect(before.map(({ transports }) => [...transports.keys()])).toEqual(media);
  expect(node.records('rtc.participant.left')).toEqual([]);
});

test('what is switched while there is no connection is switched once there is', async () => {
  const { node, ways } = await startNodeBehindWays();
  const ana = await joinAs('Ana', ways[0].origin);
  const bo = await joinAs('Bo', ways[1].origin);
  await Promise.all([ana, bo].map(hearsAndSees));
  for (const way of ways) way.set('refuse');
  for (const way of ways) way.cut();
  await ana.page.locator('.banner.lost').waitFor();
  await ana.page.getByRole('button', { name: 'Mute', exact: true }).click();
  await bo.page.getByRole('button', { name: 'Stop video' }).click();
  for (const way of ways) way.set('open');
  await tileOf(bo, 'Ana').getByRole('img', { name: 'muted' }).waitFor();
  await until(
    'Bo’s video is off',
    async () => (await tileOf(ana, 'Bo').getAttribute('data-video')) === 'off',
  );
  expect(node.records('rtc.participant.left')).toEqual([]);
});

test('a media node is stopped: everybody is at the other one before leaving it, and nothing stops meanwhile', async () => {
  const redis = await startRedis({ dataDir: await mkdtemp(join(tmpdir(), 'callscope-e2e-')) });
  try {
    const ports = [await freePort(), await freePort()];
    const origins = ports.map((port) => `http://127.0.0.1:${port}`);
    const [one, two] = await Promise.all(
      ports.map((port, i) =>
        startNode({
          CALLSCOPE_SFU_NODE_ID: `n${i + 1}`,
          CALLSCOPE_SFU_PORT: String(port),
          CALLSCOPE_SFU_NODE_ORIGINS: origins[i]!,
          CALLSCOPE_SFU_ENTRANCES: origins.join(','),
          CALLSCOPE_REDIS_URL: redis.url,
        }),
      ),
    );
    const ana = await joinAs('Ana', origins[0]!);
    const bo = await joinAs('Bo', origins[0]!);
    await Promise.all([ana, bo].map(hearsAndSees));
    const { callId } = one!.rooms.calls[0]!;
    await ana.page.getByRole('button', { name: 'Mute', exact: true }).click();
    await tileOf(bo, 'Ana').getByRole('img', { name: 'muted' }).waitFor();

    nodes.splice(nodes.indexOf(one!), 1);
    await one!.stop();
    expect(two!.rooms.call(callId)?.room?.participants.size).toBe(2);
    await Promise.all([ana, bo].map(seesOn));
    await tileOf(bo, 'Ana').getByRole('img', { name: 'muted' }).waitFor();
    expect(await ana.page.locator('.people .tile').count()).toBe(2);
  } finally {
    for (const person of people.splice(0)) await person.leaveTheRoom();
    for (const node of nodes.splice(0)) await node.stop();
    await redis.stop();
  }
});
