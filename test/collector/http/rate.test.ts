import { expect, test } from 'vitest';
import { CollectorError } from '../../../collector/errors.ts';
import { RateLimit } from '../../../collector/http/rate.ts';

test('a burst passes, then what is sustained; others are not touched', () => {
  const limit = new RateLimit({ perSecond: 2, burst: 4 });
  for (let i = 0; i < 4; i++) limit.take('ann', 1, 0);
  expect(() => limit.take('ann', 1, 0)).toThrow(CollectorError);
  limit.take('bob', 4, 0);
  limit.take('ann', 1, 500);
  expect(() => limit.take('ann', 1, 500)).toThrow(/more than 2 requests a second/);
});

test('the refusal says when it would pass', () => {
  const limit = new RateLimit({ perSecond: 2, burst: 10 });
  limit.take('ann', 10, 0);
  expect(() => limit.take('ann', 7, 0)).toThrow(expect.objectContaining({ retryAfterSeconds: 4 }));
});
