/** A call that goes on at two media nodes, with real Chromium participants on both. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildClient, defaultPageDir } from '../../client/build.ts';
import { startRedis } from '../../runtime/embedded/redis.ts';
import { freePort, startTestNode, type TestNode } from '../sfu/support/node.ts';
import { openBrowser, type Person, type TestBrowser } from '../support/browser.ts';
import { hearsAndSees, joinAs as joined, tileOf } from '../support/meeting.ts';
import { until } from '../support/waiting.ts';

let browser: TestBrowser;
let redis: Awaited<ReturnType<typeof startRedis>>;
let redisDir: string;
const nodes: TestNode[] = [];
const people: Person[] = [];

beforeAll(async () => {
  await buildClient(defaultPageDir);
  redisDir = await mkdtemp(join(tmpdir(), 'callscope-e2e-'));
  [browser, redis] = await Promise.all([openBrowser(), startRedis({ dataDir: redisDir })]);
});
afterAll(async () => {
  for (const person of people) await person.leaveTheRoom();
  for (const node of nodes) await node.stop();
  await browser?.close();
  await redis?.stop();
  await rm(redisDir, { recursive: true, force: true });
});

async function joinAs(name: string, origin: string): Promise<Person> {
  const person = await browser.person();
  people.push(person);
  return joined(person, name, origin, 'parts');
}

test('two on two nodes hear and see each other, and go on at one when the other stops', async () => {
  const ports = [await freePort(), await freePort()];
  const origins = ports.map((port) => `http://127.0.0.1:${port}`);
  for (const [i, port] of ports.entries()) {
    nodes.push(
      await startTestNode({
        CALLSCOPE_PAGE_DIR: defaultPageDir,
        CALLSCOPE_SFU_NODE_ID: `n${i + 1}`,
        CALLSCOPE_SFU_PORT: String(port),
        CALLSCOPE_SFU_NODE_ORIGINS: origins[i]!,
        CALLSCOPE_SFU_ENTRANCES: origins.join(','),
        CALLSCOPE_SFU_CALL_PARTICIPANTS_PER_NODE: '1',
        CALLSCOPE_REDIS_URL: redis.url,
      }),
    );
  }
  const [one, two] = nodes as [TestNode, TestNode];
  const ana = await joinAs('Ana', origins[0]!);
  const bo = await joinAs('Bo', origins[0]!);
  await Promise.all([ana, bo].map(hearsAndSees));
  for (const node of nodes) expect(node.rooms.calls[0]?.room?.participants.size).toBe(1);

  await ana.page.getByRole('button', { name: 'Mute', exact: true }).click();
  await tileOf(bo, 'Ana').getByRole('img', { name: 'muted' }).waitFor();
  await ana.page.getByRole('button', { name: 'Unmute' }).click();
  await tileOf(bo, 'Ana').getByRole('img', { name: 'muted' }).waitFor({ state: 'hidden' });
  await bo.page.getByRole('button', { name: 'Share screen' }).click();
  await ana.page.locator('.screens .tile[data-video="on"]').waitFor();
  // Levels are in the pipe: each node knows who of the other speaks. One at a time, since only the loudest is told.
  for (const [speaker, itsName, listener, name] of [
    [ana, 'Ana', bo, 'Bo'],
    [bo, 'Bo', ana, 'Ana'],
  ] as const) {
    await listener.page.getByRole('button', { name: 'Mute', exact: true }).click();
    await tileOf(listener, itsName).and(listener.page.locator('[data-speaking="true"]')).waitFor();
    await listener.page.getByRole('button', { name: 'Unmute' }).click();
    await tileOf(speaker, name).getByRole('img', { name: 'muted' }).waitFor({ state: 'hidden' });
  }

  nodes.shift();
  await one.stop();
  await until(
    'both are at the other',
    async () => two.rooms.calls.length === 1 && two.rooms.calls[0]?.room?.participants.size === 2,
  );
  await Promise.all([ana, bo].map(hearsAndSees));
  await ana.page.locator('.screens .tile[data-video="on"]').waitFor();
  expect(await ana.page.locator('.people .tile').count()).toBe(2);
  expect([ana, bo].flatMap(({ faults }) => faults)).toEqual([]);
});
