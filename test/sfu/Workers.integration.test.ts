import pino from 'pino';
import { afterEach, expect, test } from 'vitest';
import { Workers } from '../../sfu/Workers.ts';
import { freePort } from './support/node.ts';

let workers: Workers | undefined;

afterEach(() => workers?.stop());

test('the order to stop reaches the node alone: its workers go on until it closes them', async () => {
  const before = [process.listeners('SIGTERM'), process.listeners('SIGINT')];
  workers = await Workers.start({
    count: 2,
    host: '127.0.0.1',
    port: await freePort(),
    announcedAddress: null,
    log: pino({ level: 'silent' }),
  });
  expect(workers.slots).toHaveLength(2);
  expect([process.listeners('SIGTERM'), process.listeners('SIGINT')]).toEqual(before);
});
