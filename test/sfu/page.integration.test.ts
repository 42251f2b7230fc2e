import { createHmac } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyToken } from '../../telemetry/tokens.ts';
import { startTestNode, type TestNode, tokenSecret } from './support/node.ts';

const folder = mkdtempSync(join(tmpdir(), 'callscope-page-'));
let node: TestNode;
beforeAll(async () => {
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>the page</title>');
  writeFileSync(join(folder, 'assets', 'main-1.js'), 'export {};');
  writeFileSync(join(folder, '.hidden'), 'secret');
  node = await startTestNode({
    CALLSCOPE_PAGE_DIR: folder,
    CALLSCOPE_CLIENT_COLLECTOR_URL: 'http://collector.example:4318',
    CALLSCOPE_TURN_URLS: 'turn:127.0.0.1:3478?transport=udp,turn:127.0.0.1:3478?transport=tcp',
    CALLSCOPE_TURN_SECRET: 'relay secret',
  });
});
afterAll(async () => {
  await node.stop();
  rmSync(folder, { recursive: true });
});

test('the page is served at the root with its policy; what names the scripts is asked for anew', async () => {
  const page = await fetch(`${node.url}/?invite=abc`);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('the page');
  expect(page.headers.get('cache-control')).toBe('no-cache');
  expect(page.headers.get('content-security-policy')).toContain(
    "connect-src 'self' http://collector.example:4318;",
  );
  const script = await fetch(`${node.url}/assets/main-1.js`);
  expect(script.headers.get('content-type')).toContain('javascript');
  expect(script.headers.get('cache-control')).toContain('immutable');
});

test.each(['/.hidden', '/..%2f..%2fetc/passwd', '/assets/../../etc/passwd', '/nothing'])(
  '%s is not served',
  async (path) => {
    const answer = await fetch(`${node.url}${path}`);
    expect([400, 404]).toContain(answer.status);
    expect(await answer.json()).toHaveProperty('code');
  },
);

test('admission names call and participant, signs both tokens, and opens the relay for a time', async () => {
  const before = Math.floor(Date.now() / 1000);
  const first = await node.admit('Board room', 'Anna');
  const second = await node.admit('Board room', 'Ben');
  expect(second.callId).toBe(first.callId);
  expect(second.participantId).not.toBe(first.participantId);
  expect(first.telemetryUrl).toBe('http://collector.example:4318');
  const { callId, participantId } = first;
  const claims = { tenantId: 'acme', roomId: 'Board room', callId, participantId };
  expect(await verifyToken('join', first.joinToken, tokenSecret)).toEqual({ ...claims, displayName: 'Anna' });
  expect(await verifyToken('telemetry', first.telemetryToken, tokenSecret)).toEqual(claims);
  const [relay] = first.iceServers;
  expect(relay?.urls).toHaveLength(2);
  const [expiry, name] = (relay?.username ?? '').split(':');
  expect(name).toBe(participantId);
  expect(Number(expiry) - before).toBeGreaterThan(11 * 3600);
  expect(relay?.credential).toBe(
    createHmac('sha1', 'relay secret')
      .update(relay?.username ?? '')
      .digest('base64'),
  );
});

test('one address cannot join without end', async () => {
  const statuses = await Promise.all(
    Array.from(
      { length: 80 },
      async () => (await fetch(`${node.url}/api/v1/join`, { method: 'POST' })).status,
    ),
  );
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0);
  expect((await fetch(`${node.url}/healthz`)).status).toBe(200);
});
