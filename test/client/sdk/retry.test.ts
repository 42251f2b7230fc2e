import { describe, expect, it } from 'vitest';
import { verdictOf, waitMs } from '../../../client/sdk/retry.ts';

describe('the collector’s answer', () => {
  it.each([
    [200, 'sent'],
    [204, 'sent'],
    [400, 'refused'],
    [401, 'refused'],
    [413, 'refused'],
    [408, 'retry'],
    [429, 'retry'],
    [500, 'retry'],
    [503, 'retry'],
    [0, 'retry'],
  ] as const)('%i means %s', (status, wanted) => {
    expect(verdictOf(status)).toBe(wanted);
  });
});

describe('the wait before the next attempt', () => {
  const now = Date.parse('2026-03-01T12:00:00Z');
  it.each([
    ['first failure, least', 1, null, 0, 500],
    ['first failure, most', 1, null, 1, 1_000],
    ['third failure doubles twice', 3, null, 1, 4_000],
    ['bounded', 50, null, 1, 30_000],
    ['Retry-After in seconds is the least', 1, '7', 1, 7_000],
    ['but not less than the backoff', 6, '1', 1, 30_000],
    ['Retry-After as a date', 1, 'Sun, 01 Mar 2026 12:00:20 GMT', 1, 20_000],
    ['a date gone by', 1, 'Sun, 01 Mar 2026 11:00:00 GMT', 1, 1_000],
    ['nonsense', 1, 'soon', 1, 1_000],
    ['a day is cut', 1, '86400', 1, 600_000],
  ])('%s', (_, failures, retryAfter, random, wanted) => {
    expect(waitMs(failures, retryAfter, now, random)).toBe(wanted);
  });
});
