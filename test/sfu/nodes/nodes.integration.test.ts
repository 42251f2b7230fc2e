import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, inject, test } from 'vitest';
import type { JoinAnswer } from '../../../telemetry/signaling.ts';
import { freePort, nodeProcess, startTestNode, type TestNode, until } from '../support/node.ts';
import { TestClient } from '../support/TestClient.ts';

const started: TestNode[] = [];
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const node of started.splice(0)) await node.stop();
});

let tests = 0;

/** Nodes of one test know each other and nobody else. */
async function start(count: number): Promise<{ nodes: TestNode[]; env: (id: string, port: number) => Env }> {
  const redis = new URL(inject('redisUrl'));
  redis.pathname = `/${++tests}`;
  const env = (id: string, port: number): Env => ({
    CALLSCOPE_SFU_NODE_ID: id,
    CALLSCOPE_SFU_PORT: String(port),
    CALLSCOPE_SFU_NODE_ORIGINS: `http://127.0.0.1:${port}`,
    CALLSCOPE_REDIS_URL: redis.href,
  });
  const nodes: TestNode[] = [];
  for (let i = 0; i < count; i++) nodes.push(await startTestNode(env(`n${i + 1}`, await freePort())));
  started.push(...nodes);
  return { nodes, env };
}
type Env = Record<string, string>;

async function joinBy({ joinToken, nodeOrigins }: JoinAnswer): Promise<TestClient> {
  const client = await TestClient.connect(nodeOrigins[0]!);
  await client.join(joinToken);
  return client;
}

const lives = async (asked: TestNode, nodeId: string) =>
  ((await (await fetch(`${asked.url}/api/v1/nodes/${nodeId}`)).json()) as { lives: boolean }).lives;

test('whichever node is asked, a room has one call on one node', async () => {
  const { nodes } = await start(2);
  const [one, two] = nodes as [TestNode, TestNode];
  const answer = await one.admit('shared', 'A');
  expect(answer).toMatchObject({ sfuNodeId: 'n1', nodeOrigins: [one.url] });
  const other = await two.admit('shared', 'B');
  expect(other).toMatchObject({ sfuNodeId: 'n1', nodeOrigins: [one.url], callId: answer.callId });
  const a = await joinBy(answer);
  const b = await joinBy(other);
  expect(b.joined).toMatchObject({ callId: answer.callId, sfuNodeId: 'n1' });
  expect(b.joined?.participants).toHaveLength(1);
  expect(two.rooms.calls).toEqual([]);
  // Over before anybody else comes: the next one begins another call, where it asks.
  for (const client of [a, b]) await client.request('leave', {});
  one.rooms.call(answer.callId)!.expectedUntilMs = 0;
  await until('the call is over', () => one.rooms.calls.length === 0);
  await until('it is nobody’s any more', async () => (await two.admit('shared', 'C')).sfuNodeId === 'n2');
});

test('a page of one entrance may ask at another, and no other site may', async () => {
  const entrance = 'https://entrance.example';
  const node = await startTestNode({ CALLSCOPE_SFU_ENTRANCES: entrance });
  started.push(node);
  const asked = (origin: string) =>
    fetch(`${node.url}/api/v1/join`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
  const answer = await asked(entrance);
  expect(answer.status).toBe(204);
  expect(answer.headers.get('access-control-allow-origin')).toBe(entrance);
  expect(answer.headers.get('access-control-allow-headers')).toBe('content-type');
  expect((await asked('https://elsewhere.example')).headers.get('access-control-allow-origin')).toBeNull();
});

test('a node that is admitted to begins the call under the id that was given out', async () => {
  const { nodes } = await start(2);
  const [one, two] = nodes as [TestNode, TestNode];
  const answer = await one.admit('given', 'A');
  one.rooms.end(one.rooms.call(answer.callId)!);
  const again = await two.admit('given', 'A');
  expect((await joinBy(again)).joined?.callId).toBe(again.callId);
});

async function startProcess(env: Env): Promise<ChildProcess> {
  const child = await nodeProcess(env);
  children.push(child);
  return child;
}

test('a node that is killed loses its rooms to whoever is asked next, and the call goes on under its id', async () => {
  const { nodes, env } = await start(1);
  const [one] = nodes as [TestNode];
  const port = await freePort();
  const killed = await startProcess(env('killed', port));
  await until('the first node knows the other', () => lives(one, 'killed'), 30_000);
  const origin = `http://127.0.0.1:${port}`;
  const there = await one.admitAt(origin, 'moved', 'A');
  expect(there.sfuNodeId).toBe('killed');
  const client = await joinBy(there);
  killed.kill('SIGKILL');
  await client.closed;

  expect(await lives(one, 'killed')).toBe(false);
  const here = await one.admit('moved', 'A');
  expect(here).toMatchObject({ sfuNodeId: 'n1', callId: there.callId });
  expect((await joinBy(here)).joined?.callId).toBe(there.callId);
  await until('its loss is told', () => one.records('rtc.sfu.node_lost').length > 0);
  expect(one.records('rtc.sfu.node_lost')).toEqual([
    expect.objectContaining({ lost_node_id: 'killed', why: 'gone' }),
  ]);
  expect(one.records('rtc.sfu.call_taken_over')).toEqual([
    expect.objectContaining({
      tenant_id: 'acme',
      call_id: there.callId,
      lost_node_id: 'killed',
      new_node_id: 'n1',
    }),
  ]);
  expect(one.nodes?.missed).toBe(1);
  const back = await startProcess(env('killed', port));
  await until('it is back', () => one.nodes?.missed === 0, 30_000);
  expect(one.records('rtc.sfu.node_lost')).toHaveLength(1);
  back.kill('SIGTERM');
  await once(back, 'exit');
});

test('the process after one that was killed tells of it, and of the calls that it takes over', async () => {
  const { env } = await start(0);
  const port = await freePort();
  const killed = await startProcess(env('only', port));
  const origin = `http://127.0.0.1:${port}`;
  await until(
    'it answers',
    () =>
      fetch(`${origin}/readyz`)
        .then(({ ok }) => ok)
        .catch(() => false),
    30_000,
  );
  const asking = await startTestNode();
  started.push(asking);
  const { callId } = await asking.admitAt(origin, 'kept', 'A');
  killed.kill('SIGKILL');
  await once(killed, 'exit');

  const after = await startTestNode(env('only', port));
  started.push(after);
  expect(await after.admit('kept', 'A')).toMatchObject({ callId, sfuNodeId: 'only' });
  const told = (name: string) => until(name, () => after.records(name)[0]);
  expect(await told('rtc.sfu.node_lost')).toMatchObject({ lost_node_id: 'only', why: 'restarted' });
  expect(await told('rtc.sfu.call_taken_over')).toMatchObject({ call_id: callId, lost_node_id: 'only' });
});

test('a node that stops in order is not called lost, and what it was given goes to another', async () => {
  const { nodes } = await start(2);
  const [one, two] = nodes as [TestNode, TestNode];
  expect(await two.admit('stopping', 'A')).toMatchObject({ sfuNodeId: 'n2' });
  started.splice(started.indexOf(two), 1);
  await two.stop();
  expect(await one.admit('stopping', 'A')).toMatchObject({ sfuNodeId: 'n1' });
  expect(await lives(one, 'n2')).toBe(false);
  expect(one.records('rtc.sfu.call_taken_over')).toEqual([]);
  expect(one.records('rtc.sfu.node_lost')).toEqual([]);
});

test('a node without calls that stops in order is not called lost, neither by others nor by its next process', async () => {
  const { nodes, env } = await start(2);
  const [one, two] = nodes as [TestNode, TestNode];
  started.splice(started.indexOf(two), 1);
  await two.stop();
  // Several heartbeats later.
  await new Promise((resolve) => setTimeout(resolve, 3_500));
  expect(one.records('rtc.sfu.node_lost')).toEqual([]);
  expect(one.nodes?.missed).toBe(0);
  const again = await startTestNode(env('n2', await freePort()));
  started.push(again);
  await until('it is heard', () => lives(one, 'n2'));
  expect(again.records('rtc.sfu.node_lost')).toEqual([]);
});

test('a node that is to stop while people are there has them elsewhere before they are gone from it', async () => {
  const { nodes } = await start(2);
  const [one, two] = nodes as [TestNode, TestNode];
  const answer = await two.admit('draining', 'A');
  const client = await joinBy(answer);
  started.splice(started.indexOf(two), 1);
  const stopped = two.stop();
  await until('it is told', () => client.told('nodeLeaving').length === 1);
  // Even asked itself, the node sends elsewhere; and what it has goes on.
  for (const asked of [one, two]) {
    expect(await asked.admit('draining', 'A')).toMatchObject({ sfuNodeId: 'n1', callId: answer.callId });
  }
  const there = await joinBy(await one.admit('draining', 'A'));
  await client.transport('send');
  await client.request('leave', {});
  await stopped;
  expect(await there.request('ping', {})).toHaveProperty('serverTimeMs');
  expect(one.records('rtc.sfu.node_lost')).toEqual([]);
});

test('with the registry away, every node takes what it is asked for', async () => {
  const port = await freePort();
  const node = await startTestNode({
    CALLSCOPE_SFU_NODE_ID: 'lonely',
    CALLSCOPE_SFU_PORT: String(port),
    CALLSCOPE_SFU_NODE_ORIGINS: `http://127.0.0.1:${port}`,
    CALLSCOPE_REDIS_URL: `redis://127.0.0.1:${await freePort()}`,
  });
  started.push(node);
  const answers = [await node.admit('lonely', 'A'), await node.admit('lonely', 'B')];
  expect(new Set(answers.map(({ callId }) => callId)).size).toBe(1);
  expect((await joinBy(answers[0]!)).joined?.sfuNodeId).toBe('lonely');
});
