import { describe, expect, it } from 'vitest';
import { isPublic, post } from '../../../pipelines/webhooks/post.ts';

describe('addresses that a tenant may lead us to', () => {
  it.each(['93.184.216.34', '8.8.8.8', '2606:4700::1111'])('%s is public', (address) => {
    expect(isPublic(address)).toBe(true);
  });
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    'fe80::1',
    'fd00::1',
    'not an address',
  ])('%s is not', (address) => {
    expect(isPublic(address)).toBe(false);
  });
  it.each([
    ['http://example.org/', /only https/],
    ['https://127.0.0.1/', /not a public one/],
    ['https://[::1]/', /not a public one/],
    ['https://[::ffff:a00:1]/', /not a public one/],
    ['https://localhost/', /not a public one/],
    ['https://0x7f.1/', /not a public one/],
  ])('refuses %s without a connection', async (url, why) => {
    const posting = post({ url, headers: {}, body: '{}', allowPrivate: false });
    await expect(posting).rejects.toThrow(why);
  });
});
