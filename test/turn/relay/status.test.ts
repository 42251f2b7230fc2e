import { describe, expect, test } from 'vitest';
import { readStatus, refusalIn } from '../../../turn/relay/status.ts';

/** As coturn 4.6.1 published them. */
const user = 'turn/realm/relay-1/user/1795606893:bob/allocation/001000000000000001';

describe('messages of coturn', () => {
  test.each([
    [
      `${user}/status`,
      'new lifetime=777, type=UDP, local=127.0.0.1:17478, remote=127.0.0.1:49589, ssl=NONE, cipher=NONE',
      { kind: 'held', allocationId: '001000000000000001', transport: 'udp' },
    ],
    [
      `${user}/status`,
      'refreshed lifetime=600, type=TLS/TCP, local=127.0.0.1:17479, remote=127.0.0.1:45520, ssl=TLSv1.2, cipher=X',
      { kind: 'held', allocationId: '001000000000000001', transport: 'tls' },
    ],
    [
      `${user}/status`,
      'new lifetime=777, type=TCP, local=…',
      { kind: 'held', allocationId: '001000000000000001', transport: 'tcp' },
    ],
    [`${user}/status`, 'deleted', { kind: 'deleted', allocationId: '001000000000000001' }],
    [
      `${user}/traffic`,
      'rcvp=27, rcvb=4872, sentp=26, sentb=4704',
      {
        kind: 'traffic',
        allocationId: '001000000000000001',
        traffic: { packetsUp: 27, bytesUp: 4872, packetsDown: 26, bytesDown: 4704 },
      },
    ],
  ])('%s "%s"', (channel, text, message) => {
    expect(readStatus(channel, text)).toEqual(message);
  });

  test.each([
    [
      'the other side of the same packets',
      `${user}/traffic/peer`,
      'rcvp=20, rcvb=4000, sentp=20, sentb=4000',
    ],
    ['the sum that repeats all', `${user}/total_traffic`, 'rcvp=27, rcvb=4872, sentp=26, sentb=4704'],
    [
      'a connection that never authenticated',
      'turn/realm/relay-1/user//allocation/000000000000000003/traffic',
      'rcvp=0, rcvb=0, sentp=0, sentb=0',
    ],
    ['something else', `${user}/status`, 'what?'],
    ['broken numbers', `${user}/traffic`, 'rcvp=x'],
  ])('leaves out %s', (_what, channel, text) => {
    expect(readStatus(channel, text)).toBeUndefined();
  });
});

describe('refusals in the log', () => {
  const line = (name: string) => `17: : ERROR: check_stun_auth: Cannot find credentials of user <${name}>`;
  test.each([
    [line('1795606893:bob'), 'forged'],
    [line('100:bob'), 'expired'],
    [line('bob'), 'forged'],
    ['12: : session 001: ALLOCATE processed, error 486: Allocation Quota Reached', 'quota'],
    ['12: : session 001: closed', undefined],
  ])('%s', (text, reason) => {
    expect(refusalIn(text, 1_700_000_000_000)).toBe(reason);
  });
});
