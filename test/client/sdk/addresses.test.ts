import { describe, expect, it } from 'vitest';
import { truncateAddress, truncateAddresses } from '../../../client/sdk/addresses.ts';

describe('an address before it leaves the browser', () => {
  it.each([
    ['192.0.2.77', '192.0.2.0'],
    ['::ffff:192.0.2.77', '192.0.2.0'],
    ['2001:db8:1234:5678:9abc:def0:1234:5678', '2001:db8:1234::'],
    ['2001:DB8:0012::1', '2001:db8:12::'],
    ['2001:db8::1', '2001:db8::'],
    ['fe80::1', 'fe80::'],
    ['::1', '::'],
    ['[2001:db8:1:2::3]', '2001:db8:1::'],
    ['1b2c3d4e-5f60-7182-93a4-b5c6d7e8f901.local', 'mdns'],
    ['relay.example.org', ''],
    ['', ''],
  ])('%s becomes %s', (address, truncated) => {
    expect(truncateAddress(address)).toBe(truncated);
  });

  it('is cut inside of URLs and error texts too', () => {
    expect(truncateAddresses('turn:203.0.113.9:3478?transport=udp')).toBe(
      'turn:203.0.113.0:3478?transport=udp',
    );
    expect(truncateAddresses('TURN host lookup: turn.example.org')).toBe(
      'TURN host lookup: turn.example.org',
    );
  });
});
