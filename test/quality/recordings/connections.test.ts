import { describe, expect, it } from 'vitest';
import { type ConnectionSummary, connectionSummary } from '../../../quality/recordings/connections.ts';
import type { ConnectionLog, PairChange, StateOf } from '../../../quality/recordings/recording.ts';

const log = (
  states: [time: number, of: StateOf, state: string][],
  more: Partial<ConnectionLog> = {},
): ConnectionLog => ({
  id: 'PC_0',
  participantId: 'local',
  createdAt: undefined,
  closedAt: undefined,
  peerToPeer: undefined,
  states: states.map(([time, of, state]) => ({ time, of, state })),
  pairs: [],
  restartRequests: [],
  iceCredentials: [],
  failures: [],
  reports: { count: 0, firstAt: 0, lastAt: 0 },
  roundTripMs: undefined,
  streams: [],
  ...more,
});

const pair = (localType: string, remoteType: string): PairChange => ({
  time: 1,
  localType,
  remoteType,
  protocol: 'udp',
  relayProtocol: '',
});

describe('connectionSummary', () => {
  const cases: { name: string; log: ConnectionLog; is: Partial<ConnectionSummary> }[] = [
    {
      name: 'comes up',
      log: log(
        [
          [10, 'ice', 'checking'],
          [12, 'connection', 'connecting'],
          [110, 'ice', 'connected'],
          [200, 'connection', 'connected'],
        ],
        { createdAt: 0 },
      ),
      is: { timeToConnectMs: 200, iceConnectMs: 100, failed: false, reconnects: 0, lastState: 'connected' },
    },
    {
      name: 'never comes up',
      log: log([
        [10, 'ice', 'checking'],
        [5_000, 'ice', 'failed'],
      ]),
      is: {
        timeToConnectMs: undefined,
        connectedAt: undefined,
        failed: true,
        failedAt: 5_000,
        reconnects: 0,
      },
    },
    {
      name: 'is interrupted twice, the second time by failure, and comes back both times',
      log: log([
        [1, 'connection', 'connected'],
        [10, 'connection', 'disconnected'],
        [14, 'connection', 'connected'],
        [20, 'connection', 'disconnected'],
        [30, 'connection', 'failed'],
        [35, 'connection', 'connecting'],
        [50, 'connection', 'connected'],
      ]),
      is: { reconnects: 2, interruptionsMs: [4, 30], failed: true, failedAt: 30, lastState: 'connected' },
    },
    {
      name: 'is told in another order than it happened',
      log: log([
        [20, 'connection', 'failed'],
        [1, 'connection', 'connected'],
      ]),
      is: { lastState: 'failed', connectedAt: 1 },
    },
    {
      name: 'is known by ICE alone, as in older Firefox',
      log: log([
        [1, 'ice', 'connected'],
        [5, 'ice', 'disconnected'],
        [6, 'ice', 'completed'],
      ]),
      is: { reconnects: 1, lastState: 'completed', connectedAt: 1 },
    },
    {
      name: 'restarts ICE: asked for twice, with two further credentials',
      log: log([], { restartRequests: [5, 9], iceCredentials: ['a', 'b', 'c'] }),
      is: { iceRestarts: 2 },
    },
    {
      name: 'restarts ICE by the other side’s wish',
      log: log([], { iceCredentials: ['a', 'b'] }),
      is: { iceRestarts: 1 },
    },
  ];
  it.each(cases)('tells of one that $name', ({ log, is }) => {
    expect(connectionSummary(log)).toMatchObject(is);
  });

  it.each([
    ['host', 'srflx', false],
    ['relay', 'host', true],
    ['prflx', 'relay', true],
  ])('%s to %s: relayed %s', (local, remote, relayed) => {
    expect(connectionSummary(log([], { pairs: [pair('host', 'host'), pair(local, remote)] }))).toMatchObject({
      pair: { relayed },
      pairChanges: 1,
    });
  });
});
