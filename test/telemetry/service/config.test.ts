import { expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigError, readConfig, setting } from '../../../telemetry/service/config.ts';

const schema = z.object({
  A_PORT: setting.port().default(4318),
  A_STORE_URL: setting.httpUrl(),
  A_SECRET: setting.secret(),
  A_LIST: setting.list().default([]),
});
const good = { A_STORE_URL: 'http://u:p@127.0.0.1:8123/db', A_SECRET: '0123456789abcdef' };

test('reads, converts and fills in', () => {
  expect(readConfig(schema, { ...good, A_LIST: 'a, b', A_PORT: '' })).toEqual({
    ...good,
    A_PORT: 4318,
    A_LIST: ['a', 'b'],
  });
});

test('names every faulty variable at once, and what is expected', () => {
  const read = () => readConfig(schema, { A_PORT: 'many', A_STORE_URL: 'ftp://x' });
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(/A_PORT="many" is not valid: expected a port number/);
  expect(read).toThrow(/A_STORE_URL=… is not valid: expected a URL starting with http:\/\/ or https:\/\//);
  expect(read).toThrow(/A_SECRET is not set/);
});

test('does not print what may hold a secret', () => {
  expect(() => readConfig(schema, { ...good, A_SECRET: 'short' })).toThrow(/^A_SECRET=… /);
});
