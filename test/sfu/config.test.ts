import { expect, test } from 'vitest';
import { readSfuConfig } from '../../sfu/config.ts';

const secret = { CALLSCOPE_TOKEN_SECRET: 'a secret of enough length' };

test('a secret is all it needs; everything else has a default, on loopback', () => {
  expect(readSfuConfig(secret)).toMatchObject({
    nodeId: 'sfu-1',
    http: { host: '127.0.0.1', port: 4443, tls: null },
    rtc: { host: '127.0.0.1', port: 44400, announcedAddress: null },
    collector: null,
    clientCollectorUrl: '',
    redisUrl: null,
    turn: null,
    pageDir: null,
  });
});

test.each<[string, Record<string, string>, RegExp]>([
  ['no secret', { CALLSCOPE_TOKEN_SECRET: '' }, /CALLSCOPE_TOKEN_SECRET is not set/],
  ['an RTC port chosen by the system', { CALLSCOPE_RTC_PORT: '0' }, /CALLSCOPE_RTC_PORT.*fixed port/],
  [
    'more workers than ports',
    { CALLSCOPE_RTC_PORT: '65535', CALLSCOPE_SFU_WORKERS: '2' },
    /CALLSCOPE_RTC_PORT.*2 workers/,
  ],
  ['an open address without TLS', { CALLSCOPE_SFU_HOST: '0.0.0.0' }, /CALLSCOPE_SFU_HOST.*TLS/],
  ['a certificate without a key', { CALLSCOPE_TLS_CERT: 'c.pem' }, /CALLSCOPE_TLS_KEY/],
  ['a collector without a key', { CALLSCOPE_COLLECTOR_URL: 'http://h:1' }, /CALLSCOPE_SERVER_KEY/],
  ['TURN without a secret', { CALLSCOPE_TURN_URLS: 'turn:h:3478' }, /CALLSCOPE_TURN_SECRET/],
  [
    'TURN with something else',
    { CALLSCOPE_TURN_URLS: 'http://h', CALLSCOPE_TURN_SECRET: 's' },
    /CALLSCOPE_TURN_URLS.*turn:/,
  ],
  ['a node id with a colon', { CALLSCOPE_SFU_NODE_ID: 'a:b' }, /CALLSCOPE_SFU_NODE_ID/],
])('%s is refused, naming the variable', (_name, env, message) => {
  expect(() => readSfuConfig({ ...secret, ...env })).toThrow(message);
});

test('browsers are told the collector of the node unless another is named', () => {
  const env = {
    ...secret,
    CALLSCOPE_COLLECTOR_URL: 'http://inside:4318',
    CALLSCOPE_SERVER_KEY: 'k'.repeat(16),
  };
  expect(readSfuConfig(env).clientCollectorUrl).toBe('http://inside:4318');
  expect(
    readSfuConfig({ ...env, CALLSCOPE_CLIENT_COLLECTOR_URL: 'https://outside' }).clientCollectorUrl,
  ).toBe('https://outside');
});
