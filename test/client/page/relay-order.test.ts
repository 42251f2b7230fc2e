import { expect, test } from 'vitest';
import { relayOrder } from '../../../client/page/relay-order.ts';

const server = (host: string) => ({
  urls: [
    `turn:${host}:3478?transport=udp`,
    `turn:${host}:3478?transport=tcp`,
    `turns:${host}:5349?transport=tcp`,
  ],
  username: `name at ${host}`,
  credential: 'c',
});
const given = [server('a'), server('b')];
const urlsIn = (servers: RTCIceServer[]) => servers.map(({ urls }) => urls);
const udp = ['turn:a:3478?transport=udp', 'turn:b:3478?transport=udp'];
const others = [
  'turn:a:3478?transport=tcp',
  'turns:a:5349?transport=tcp',
  'turn:b:3478?transport=tcp',
  'turns:b:5349?transport=tcp',
];

test('UDP stands behind the others at a join and in front at a restart, the first relay before the second', () => {
  expect(urlsIn(relayOrder(given, 'last'))).toEqual([...others, ...udp]);
  expect(urlsIn(relayOrder(given, 'first'))).toEqual([...udp, ...others]);
});

test('every URL keeps its credentials', () => {
  expect(relayOrder(given, 'first').map(({ username }) => username)).toEqual(
    ['a', 'b', 'a', 'a', 'b', 'b'].map((host) => `name at ${host}`),
  );
});

test('a restart on one relay of two ranks its UDP no lower than any UDP of the join', () => {
  const rank = (list: RTCIceServer[], url: string) => list.length - 1 - urlsIn(list).indexOf(url);
  const join = relayOrder(given, 'last');
  const restart = relayOrder([server('b')], 'first');
  expect(rank(restart, udp[1]!)).toBeGreaterThanOrEqual(rank(join, udp[0]!));
});

test('a server without a transport is one over UDP, and one URL need not be a list', () => {
  expect(relayOrder([{ urls: 'turns:a' }, { urls: 'turn:a' }], 'first')).toEqual([
    { urls: 'turn:a' },
    { urls: 'turns:a' },
  ]);
});
