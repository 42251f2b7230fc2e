import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readSettings, settingNames, settingTable, unknownVariables } from '../../runtime/settings.ts';
import { environmentPage, markdownPage, textTable } from '../../runtime/settings-table.ts';

const thisFile = import.meta.filename;
const secret = 'sixteen-letters-or-more';

describe('with nothing set', () => {
  test('the documented ports and loopback apply, and every part is started here', () => {
    expect(readSettings({})).toMatchObject({
      CALLSCOPE_SFU_HOST: '127.0.0.1',
      CALLSCOPE_SFU_PORT: 4443,
      CALLSCOPE_RTC_PORT: 44400,
      CALLSCOPE_COLLECTOR_PORT: 4318,
      CALLSCOPE_PIPELINES_PORT: 4320,
      CALLSCOPE_LOOP_MODE: 'on',
    });
    expect(readSettings({})).not.toHaveProperty('CALLSCOPE_CLICKHOUSE_URL');
  });

  test('an empty variable counts as unset', () => {
    expect(readSettings({ CALLSCOPE_SFU_PORT: '', CALLSCOPE_REDIS_URL: '' }).CALLSCOPE_SFU_PORT).toBe(4443);
  });
});

test.each<[what: string, env: Record<string, string>]>([
  ['a ClickHouse elsewhere', { CALLSCOPE_CLICKHOUSE_URL: 'https://u:p@db.example.org:8443/calls' }],
  ['a Redis over TLS', { CALLSCOPE_REDIS_URL: 'rediss://:p@cache.example.org:6380' }],
  [
    'TURN servers',
    { CALLSCOPE_TURN_URLS: 'turn:a:3478?transport=udp, turns:b:443', CALLSCOPE_TURN_SECRET: secret },
  ],
  [
    'a collector elsewhere',
    {
      CALLSCOPE_COLLECTOR_URL: 'https://otlp.example.org',
      CALLSCOPE_SERVER_KEY: secret,
      CALLSCOPE_TOKEN_SECRET: secret,
    },
  ],
  [
    'a public page with TLS',
    { CALLSCOPE_SFU_HOST: '0.0.0.0', CALLSCOPE_TLS_CERT: thisFile, CALLSCOPE_TLS_KEY: thisFile },
  ],
  ['a loop that only looks', { CALLSCOPE_LOOP_MODE: 'shadow' }],
])('accepts %s', (_what, env) => {
  expect(() => readSettings(env)).not.toThrow();
});

test.each<[name: string, env: Record<string, string>, expected: RegExp]>([
  ['CALLSCOPE_SFU_PORT', { CALLSCOPE_SFU_PORT: 'web' }, /"web" is not valid: expected a port number/],
  ['CALLSCOPE_SFU_PORT', { CALLSCOPE_SFU_PORT: '0' }, /expected a port number, 1 to 65535/],
  [
    'CALLSCOPE_RTC_PORT',
    { CALLSCOPE_RTC_PORT: '65535', CALLSCOPE_SFU_WORKERS: '2' },
    /no room for 2 workers/,
  ],
  [
    'CALLSCOPE_CLICKHOUSE_URL',
    { CALLSCOPE_CLICKHOUSE_URL: 'db:9000' },
    /expected a URL starting with http:\/\//,
  ],
  ['CALLSCOPE_CLICKHOUSE_URL', { CALLSCOPE_CLICKHOUSE_URL: 'http://db:8123' }, /expected http:.*\/database/],
  ['CALLSCOPE_REDIS_URL', { CALLSCOPE_REDIS_URL: 'http://cache' }, /expected a URL starting with redis:\/\//],
  [
    'CALLSCOPE_TURN_URLS',
    { CALLSCOPE_TURN_URLS: 'relay:3478', CALLSCOPE_TURN_SECRET: secret },
    /expected URLs like turn:/,
  ],
  [
    'CALLSCOPE_TURN_SECRET',
    { CALLSCOPE_TURN_URLS: 'turn:relay:3478' },
    /is not set: needed to make credentials/,
  ],
  ['CALLSCOPE_SERVER_KEY', { CALLSCOPE_COLLECTOR_URL: 'http://otlp:4318' }, /is not set: needed to write/],
  ['CALLSCOPE_TOKEN_SECRET', { CALLSCOPE_TOKEN_SECRET: 'short' }, /expected at least 16 characters/],
  ['CALLSCOPE_TLS_KEY', { CALLSCOPE_TLS_CERT: thisFile }, /go together/],
  ['CALLSCOPE_TLS_CERT', { CALLSCOPE_TLS_CERT: '/no/such.pem', CALLSCOPE_TLS_KEY: thisFile }, /no such file/],
  ['CALLSCOPE_SFU_HOST', { CALLSCOPE_SFU_HOST: '0.0.0.0' }, /not loopback: set CALLSCOPE_TLS_CERT/],
  ['CALLSCOPE_SHARDS', { CALLSCOPE_SHARDS: '1.5' }, /not valid/],
  ['CALLSCOPE_LOOP_MODE', { CALLSCOPE_LOOP_MODE: 'yes' }, /"off"\|"shadow"\|"on"/],
])('refuses a wrong %s (%o)', (name, env, expected) => {
  const refusal = messageOf(() => readSettings(env));
  expect(refusal).toMatch(new RegExp(`^${name}\\b`, 'm'));
  expect(refusal).toMatch(expected);
});

test('tells every fault at once, and no secret', () => {
  const refusal = messageOf(() =>
    readSettings({
      CALLSCOPE_SFU_PORT: '70000',
      CALLSCOPE_LOOP_MODE: 'yes',
      CALLSCOPE_TOKEN_SECRET: 'pssst',
    }),
  );
  expect(refusal.split('\n')).toHaveLength(3);
  expect(refusal).not.toContain('pssst');
});

test('names variables that look like settings and are none', () => {
  expect(unknownVariables({ CALLSCOPE_REDIS_ULR: 'x', CALLSCOPE_REDIS_URL: 'y', HOME: '/' })).toEqual([
    'CALLSCOPE_REDIS_ULR',
  ]);
});

describe('the documentation', () => {
  test('docs/environment.md is what the table says now', () => {
    expect(readFileSync(environmentPage, 'utf8'), 'run: node runtime/settings-table.ts --write').toBe(
      markdownPage(),
    );
  });

  test('the help names every setting with its default, within the width of the terminal', () => {
    const lines = textTable(80).split('\n');
    for (const name of settingNames) {
      const line = lines.find((text) => text.includes(`  ${name} `));
      expect(line, name).toContain(settingTable[name].default ?? '(');
    }
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(90);
  });
});

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toHaveProperty('name', 'ConfigError');
    return (error as Error).message;
  }
  return 'nothing was refused';
}
