/** Macros become what Grafana's ClickHouse data source makes of them. */
import { describe, expect, test } from 'vitest';
import { all, expandMacros, intervalFor, type MacroContext } from '../../dashboards/macros.ts';

const context: MacroContext = {
  fromMs: 1_700_000_000_500,
  toMs: 1_700_003_600_999,
  intervalMs: 60_000,
  variables: { tenant: all, node: ['a', "b'c"], call: 'x', none: '' },
};

describe('in the back end', () => {
  test.each([
    ['$__fromTime', 'toDateTime(1700000000)'],
    ['$__toTime', 'toDateTime(1700003600)'],
    ['$__fromTime_ms', 'fromUnixTimestamp64Milli(1700000000500)'],
    ['$__timeFilter(t.time)', 't.time >= toDateTime(1700000000) AND t.time <= toDateTime(1700003600)'],
    [
      '$__timeFilter_ms(time)',
      'time >= fromUnixTimestamp64Milli(1700000000500) AND time <= fromUnixTimestamp64Milli(1700003600999)',
    ],
    ['$__timeInterval(time)', 'toStartOfInterval(toDateTime(time), INTERVAL 60 second)'],
    ['$__timeInterval(max(time))', 'toStartOfInterval(toDateTime(max(time)), INTERVAL 60 second)'],
    ['x / $__interval_s', 'x / 60'],
  ])('%s', (sql, expected) => {
    expect(expandMacros(sql, context)).toBe(expected);
  });

  test('an interval below a second is one second', () => {
    expect(expandMacros('$__interval_s', { ...context, intervalMs: 200 })).toBe('1');
  });
});

describe('in the browser', () => {
  test.each([
    ['all are chosen', '$__conditionalAll(tenant IN (${tenant:singlequote}), $tenant)', '1=1'],
    ['nothing is typed', '$__conditionalAll(a = ${none:singlequote}, $none)', '1=1'],
    ['some are chosen', '$__conditionalAll(n IN (${node:singlequote}), $node)', "n IN ('a','b\\'c')"],
    [
      'two in one query',
      '$__conditionalAll(t IN (${tenant:singlequote}), $tenant) AND $__conditionalAll(c IN (f(1, 2)), $call)',
      '1=1 AND c IN (f(1, 2))',
    ],
  ])('$__conditionalAll where %s', (_case, sql, expected) => {
    expect(expandMacros(sql, context)).toBe(expected);
  });

  test('one value without a format is put in as it is, a list is quoted', () => {
    expect(expandMacros('${call} ${node}', { ...context, variables: { call: 'x', node: ['a', 'b'] } })).toBe(
      "x 'a','b'",
    );
  });
});

describe('refuses', () => {
  test.each([
    ['$__timeFilterr(time)', /neither a macro/],
    ['${nobody}', /no variable nobody/],
    ['$nobody', /neither a macro/],
    ['$__timeFilter()', /takes an argument/],
    ['$__conditionalAll(a)', /2|phrase/],
    ['$__conditionalAll(a = 1, $tenant', /not closed/],
  ])('%s', (sql, message) => {
    expect(() => expandMacros(sql, context)).toThrow(message);
  });
});

test.each([
  [3_600_000, 600, 1_000, 15_000],
  [3_600_000, 600, 60_000, 60_000],
  [6 * 3_600_000, 600, 60_000, 120_000],
])('a range of %i ms on %i pixels, at least %i ms: a point every %i ms', (range, pixels, least, expected) => {
  expect(intervalFor(range, pixels, least)).toBe(expected);
});
