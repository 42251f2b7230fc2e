import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { networkFacts } from '../../../collector/enrich/network.ts';
import { mmdb } from './mmdb.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'callscope-mmdb-'));
afterAll(() => rmSync(directory, { recursive: true }));

const file = (name: string, bytes: Buffer | string): string => {
  const at = path.join(directory, name);
  writeFileSync(at, bytes);
  return at;
};
const countries = file('countries.mmdb', mmdb({ '203.0.113.0/24': { country: { iso_code: 'CH' } } }));
const operators = file(
  'operators.mmdb',
  mmdb({
    '203.0.113.0/25': { autonomous_system_number: 64_500, autonomous_system_organization: 'Example Telecom' },
    '198.51.100.0/24': { autonomous_system_organization: 'x'.repeat(200) },
  }),
);

test('country and operator come from whichever file tells them', async () => {
  const facts = await networkFacts([countries, operators]);
  expect(facts('203.0.113.77')).toEqual({
    'geo.country.iso_code': 'CH',
    'network.carrier.name': 'Example Telecom',
    'network.as.number': '64500',
  });
  expect(facts('203.0.113.200')).toEqual({ 'geo.country.iso_code': 'CH' });
  expect(facts('198.51.100.1')).toEqual({ 'network.carrier.name': 'x'.repeat(64) });
  expect(facts('192.0.2.1')).toEqual({});
  expect(facts('2001:db8::1')).toEqual({});
});

test('without files nothing is told', async () => {
  expect((await networkFacts([]))('203.0.113.77')).toEqual({});
});

test('a file of another format stops the start, by name', async () => {
  const other = file('other.mmdb', 'not a database');
  await expect(networkFacts([other])).rejects.toThrow(/CALLSCOPE_GEOIP_FILES: \S+other\.mmdb is no file/);
});
