/** Alerts about a region: a region that is alone in trouble is told as itself, and nothing is told twice. */
import { describe, expect, test } from 'vitest';
import { burnOf, longestMinutes, longestPageMinutes, sumsOf, windowPairs } from '../../alerts/burn.ts';
import { without } from '../../alerts/region.ts';
import { replay } from '../../alerts/replay.ts';
import { sloNamed } from '../../alerts/slos/list.ts';
import type { Minutes, Series } from '../../alerts/slos/minutes.ts';
import { cleanWeek, dailyTraffic, minutesOf, none, randomOf } from './support/series.ts';

const slo = sloNamed('join-success');
const from = longestMinutes;
/** Noon of the first day. */
const begins = from + 12 * 60;
const to = begins + 12 * 60;
const base = 0.0003;

type Ratio = (minute: number) => number;

function seriesOfRegions(regions: Record<string, { perMinute: number; bad: Ratio }>): Series {
  const byRegion = new Map<string, Minutes>(
    Object.entries(regions).map(([region, { perMinute, bad }], i) => [
      region,
      minutesOf(0, to, () => perMinute, bad, randomOf(i + 1)),
    ]),
  );
  const all = [...byRegion.values()];
  const minutes = all[0]!.minutes;
  const added = (of: 'good' | 'total') =>
    minutes.map((_minute, i) => all.reduce((sum, one) => sum + one[of][i]!, 0));
  const together = { minutes, good: added('good'), total: added('total') };
  return { ...together, witness: together, regions: byRegion };
}

const fired = (series: Series, through = to) => {
  const { changes } = replay({
    slos: [slo],
    series: new Map([[slo.name, series]]),
    alerts: new Map(),
    from,
    to: through,
  });
  return [...new Map(changes.map((alert) => [alert.alert_id, alert])).values()].filter(
    ({ fired_at }) => fired_at !== null,
  );
};
const shown = (alerts: ReturnType<typeof fired>) =>
  alerts.map(({ severity, scope, status }) => [severity, scope, status]);

const during =
  (ratio: number, minutes = 45): Ratio =>
  (minute) =>
    minute >= begins && minute < begins + minutes ? ratio : base;
const calm: Ratio = () => base;
const of = (perMinute: number, bad: Ratio = calm) => ({ perMinute, bad });

describe('one region that loses 20 % of joins', () => {
  const series = seriesOfRegions({ DE: of(10, during(0.2)), FR: of(20), PL: of(10) });
  const alerts = fired(series);

  test('is one page about it, and no ticket or page about everybody, then or after', () => {
    expect(shown(alerts)).toEqual([['page', 'country=DE', 'resolved']]);
  });

  test('within three minutes after the region crossed the threshold, long before all together do', () => {
    const sums = sumsOf(series.regions!.get('DE')!);
    let crossed = begins;
    while (!burnOf(slo, sums, windowPairs[0]!, crossed).burns) crossed += 1;
    expect(alerts[0]!.fired_at! / 60_000 - crossed).toBeLessThanOrEqual(3);
    expect(alerts[0]!.fired_at! / 60_000 - begins).toBeLessThanOrEqual(10);
    expect(alerts[0]!.since_at / 60_000 - begins).toBeLessThanOrEqual(5);
  });
});

test.each([
  [
    'trouble of all regions alike is about everybody',
    { DE: of(10, during(0.2)), FR: of(20, during(0.2)), PL: of(10, during(0.2)) },
    [['page', '', 'resolved']],
  ],
  [
    'of two regions while a third is well, each is told',
    { DE: of(10, during(0.2)), FR: of(20, during(0.3)), PL: of(20) },
    [
      ['page', 'country=FR', 'resolved'],
      ['page', 'country=DE', 'resolved'],
    ],
  ],
  [
    'people of no known region are no region',
    { '': of(20, during(0.2)), FR: of(20) },
    [['page', '', 'resolved']],
  ],
  ['the only region is everybody', { DE: of(20, during(0.2)) }, [['page', '', 'resolved']]],
  ['a region with four failures is no trend', { DE: of(1, during(0.2, 20)), FR: of(40) }, []],
] as const)('%s', (_name, regions, wanted) => {
  expect(shown(fired(seriesOfRegions(regions)))).toEqual(wanted);
});

test('a region whose trouble outlasts that of all is not told again', () => {
  const regions = { DE: of(20, during(0.2, 60)), FR: of(20, during(0.2, 30)), PL: of(20, during(0.2, 30)) };
  expect(shown(fired(seriesOfRegions(regions)))).toEqual([['page', '', 'resolved']]);
});

test('other trouble of everybody is told while a region is open', () => {
  const late = (minute: number) => (minute >= begins + 60 && minute < begins + 100 ? 0.1 : base);
  const regions = {
    DE: of(10, (minute) => Math.max(during(0.3, 120)(minute), late(minute))),
    FR: of(20, late),
    PL: of(20, late),
  };
  const pages = fired(seriesOfRegions(regions)).filter(({ severity }) => severity === 'page');
  expect(shown(pages)).toEqual([
    ['page', 'country=DE', 'resolved'],
    ['page', '', 'resolved'],
  ]);
});

test('with regions not known an open alert about one stays, and one about everybody can begin', () => {
  const known = seriesOfRegions({ DE: of(10, during(0.2, 600)), FR: of(20), PL: of(10) });
  const { regions: _, ...blind } = known;
  const first = replay({
    slos: [slo],
    series: new Map([[slo.name, known]]),
    alerts: new Map(),
    from,
    to: begins + 12,
  });
  const then = replay({
    slos: [slo],
    series: new Map([[slo.name, blind]]),
    alerts: first.alerts,
    from: begins + 13,
    to: begins + 40,
  });
  expect([...then.alerts.values()].map(({ scope, status }) => [scope, status])).toEqual([
    ['country=DE', 'firing'],
    ['', 'firing'],
  ]);
});

test('a clean week with five regions of any size pages nobody', () => {
  const until = from + 7 * 1_440;
  const series = cleanWeek(11, 0, until);
  for (const one of [slo.name, 'mos', 'loss']) {
    const budget = 1 - sloNamed(one).objective;
    const peak = sloNamed(one).fewestBad > 100 ? 3_000 : 20;
    const random = randomOf(12);
    const regions = new Map<string, Minutes>(
      ['DE', 'FR', 'PL', 'BR', 'MT'].map((region, i) => [
        region,
        minutesOf(0, until, dailyTraffic(peak / 3 ** i), () => budget * (0.5 + 0.5 * random()), random),
      ]),
    );
    series.set(one, { ...series.get(one)!, regions });
  }
  const { changes } = replay({
    slos: [slo, sloNamed('mos'), sloNamed('loss')],
    series,
    alerts: new Map(),
    from,
    to: until,
  });
  expect(changes.filter(({ fired_at }) => fired_at !== null)).toEqual([]);
});

test('all but one region, over the windows of pages; over longer ones it is all', () => {
  const de = sumsOf({ minutes: [5], good: [1], total: [2] });
  const fr = sumsOf({ minutes: [5, 6], good: [3, 1], total: [4, 1] });
  const all = sumsOf({ minutes: [5, 6], good: [4, 1], total: [6, 1] });
  const rest = without(new Set(['DE']), new Map(Object.entries({ DE: de, FR: fr })), all);
  expect([rest.good(0, 10), rest.total(0, 10)]).toEqual([4, 5]);
  expect(rest.total(0, longestPageMinutes + 1)).toBe(7);
  expect(none.minutes).toEqual([]);
});
