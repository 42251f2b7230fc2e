import { describe, expect, test } from 'vitest';
import { identityColumns } from '../../telemetry/identity.ts';
import { clientStats, sfuStats, snakeCase, statsKindsByEvent } from '../../telemetry/stats.ts';

const kinds = [...statsKindsByEvent.values()];

describe('column names', () => {
  test.each([
    ['totalRoundTripTime', 'total_round_trip_time'],
    ['qualityLimitationDurations.cpu', 'quality_limitation_durations_cpu'],
    ['ssrc', 'ssrc'],
  ])('%s is %s', (member, column) => expect(snakeCase(member)).toBe(column));

  test('seconds carry their unit', () => {
    const jitter = clientStats['inbound-rtp'].members.find((m) => m.member === 'jitter');
    expect(jitter?.column).toBe('jitter_us');
  });

  test.each(kinds.map((kind) => [kind.event, kind] as const))(
    '%s: every column once, none an identity column',
    (_, kind) => {
      const columns = kind.members.map((m) => m.column);
      expect(new Set(columns).size).toBe(columns.length);
      expect(columns.filter((column) => (identityColumns as readonly string[]).includes(column))).toEqual([]);
    },
  );
});

test('local and remote candidates are one kind', () => {
  expect(clientStats['local-candidate'].event).toBe(clientStats['remote-candidate'].event);
});

test('client and SFU kinds do not share an event', () => {
  const client = new Set<string>(Object.values(clientStats).map((kind) => kind.event));
  expect(Object.values(sfuStats).filter((kind) => client.has(kind.event))).toEqual([]);
});
