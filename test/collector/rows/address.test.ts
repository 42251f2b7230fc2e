import { describe, expect, test } from 'vitest';
import { mayHoldAddress, truncateAddresses } from '../../../collector/rows/address.ts';

describe('addresses are shortened', () => {
  test.each([
    ['203.0.113.77', '203.0.113.0'],
    ['2001:db8:85a3:8d3:1319:8a2e:370:7348', '2001:db8:85a3::'],
    ['2001:db8::1', '2001:db8:0::'],
    ['fe80::1%eth0', 'fe80:0:0::'],
    ['::1', '::'],
    ['::ffff:203.0.113.77', '::ffff:203.0.113.0'],
    ['a:b:203.0.113.77', 'a:b:203.0.113.0'],
    ['it was 2001:db8:9:9::9.', 'it was 2001:db8:9::.'],
    ['it was 203.0.113.77.', 'it was 203.0.113.0.'],
    ['2001:db8:9:9::203.0.113.77', '2001:db8:9::'],
    ['203.0.113.77:3478', '203.0.113.0:3478'],
    ['turn:203.0.113.77:3478?transport=udp', 'turn:203.0.113.0:3478?transport=udp'],
    ['turns:[2001:db8:1:2::9]:5349', 'turns:[2001:db8:1::]:5349'],
    [
      'candidate:1 1 udp 2122260223 192.168.7.9 54321 typ srflx raddr 10.1.2.3 rport 9',
      'candidate:1 1 udp 2122260223 192.168.7.0 54321 typ srflx raddr 10.1.2.0 rport 9',
    ],
  ])('%s', (given, kept) => expect(truncateAddresses(given)).toBe(kept));
});

describe('names are kept', () => {
  test.each([
    '5f3b9a0e-1c6e-4c0a-9c8e-4a8f6f0f2b11.local',
    'turn:turn.example.org:3478?transport=tcp',
    'stun.1.2.3.4.example.org',
    'a time of 12:30:45',
    '',
  ])('%s', (text) => expect(truncateAddresses(text)).toBe(text));
});

test.each([
  ['address', true],
  ['related_address', true],
  ['client.address', true],
  ['url', true],
  ['ip', true],
  ['kind', false],
  ['tip', false],
  ['user_agent', false],
])('%s may hold an address: %s', (key, may) => expect(mayHoldAddress(key)).toBe(may));
