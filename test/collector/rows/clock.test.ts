import { describe, expect, test } from 'vitest';
import { correctedTime, senderClock, storableTime } from '../../../collector/rows/clock.ts';

const received = 1_790_000_000_000;
const none = Number.NaN;
const hour = 3_600_000;

describe('corrected time', () => {
  test.each([
    ['measured offset', received - 5_000, { offsetMs: 3_000, sentAtMs: none }, received - 2_000],
    [
      'offset of a clock an hour ahead',
      received + hour,
      { offsetMs: -hour - 100, sentAtMs: none },
      received - 100,
    ],
    [
      'the offset counts where both are told',
      received - 500,
      { offsetMs: 0, sentAtMs: received - 200 },
      received - 500,
    ],
    ['sending time against receipt', 10_000, { offsetMs: none, sentAtMs: 12_000 }, received - 2_000],
    ['neither: as it is', received - 7, { offsetMs: none, sentAtMs: none }, received - 7],
    [
      'a little in the future is an error of the offset',
      received + 1_999,
      { offsetMs: 0, sentAtMs: none },
      received + 1_999,
    ],
    ['the future is not believed', received + 2_001, { offsetMs: 0, sentAtMs: none }, received],
    ['nor is more than a day ago', received - 24 * hour - 1, { offsetMs: 0, sentAtMs: none }, received],
    ['nor is nonsense', none, { offsetMs: 0, sentAtMs: none }, received],
    ['whole milliseconds', received - 1.6, { offsetMs: 0.2, sentAtMs: none }, received - 1],
  ])('%s', (_, clientTime, clock, expected) => {
    expect(correctedTime(clientTime, clock, received)).toBe(expected);
  });
});

test('a resource whose clock attributes are not numbers has no clock', () => {
  const clock = senderClock(
    new Map<string, string | number>([
      ['rtc.clock_offset_ms', 'soon'],
      ['rtc.sent_at_ms', Infinity],
    ]),
  );
  expect(clock).toEqual({ offsetMs: none, sentAtMs: none });
});

test.each([
  [-5, 0],
  [1e300, 4_102_444_800_000],
  [none, 0],
  [1.4, 1],
])('client time %d is stored as %d', (given, stored) => expect(storableTime(given)).toBe(stored));
