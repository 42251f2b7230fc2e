import { describe, expect, test } from 'vitest';
import { longestMinutes, sumsOf } from '../../alerts/burn.ts';
import { replay } from '../../alerts/replay.ts';
import { slos } from '../../alerts/slos/list.ts';
import type { Series } from '../../alerts/slos/minutes.ts';
import { cleanWeek, dailyTraffic, minutesOf, none, randomOf } from './support/series.ts';

const week = 7 * 1_440;
const from = longestMinutes;
const to = from + week;

const fired = (series: Map<string, Series>, until = to) => {
  const { changes } = replay({ slos, series, alerts: new Map(), from, to: until });
  const last = new Map(changes.map((alert) => [alert.alert_id, alert]));
  return [...last.values()].filter(({ fired_at }) => fired_at !== null);
};

test.each([1, 2, 3, 4])('a clean week pages zero times and makes no ticket (seed %i)', (seed) => {
  expect(fired(cleanWeek(seed, 0, to))).toEqual([]);
});

describe('a region that loses 20 % of joins', () => {
  /** A quarter of all joins are of that region. */
  const begins = from + 3 * 1_440 + 11 * 60;
  const ends = begins + 45;
  const random = randomOf(9);
  const series = cleanWeek(5, 0, to);
  const events = minutesOf(
    0,
    to,
    dailyTraffic(40),
    (m) => (m >= begins && m < ends ? 0.25 * 0.2 : 0.0003),
    random,
  );
  series.set('join-success', { ...events, witness: events });

  test('pages once, within three minutes of the burn threshold, and resolves once', () => {
    const alerts = fired(series);
    expect(alerts).toHaveLength(1);
    const [page] = alerts;
    expect(page).toMatchObject({ slo: 'join-success', kind: 'burn', severity: 'page', status: 'resolved' });
    // By hand: the first minute after which an hour and five minutes both burn above 14.4.
    const sums = sumsOf(events);
    const ratio = (m: number, length: number) => 1 - sums.good(m - length, m) / sums.total(m - length, m);
    let crossed = begins;
    while (!(ratio(crossed, 60) > 0.0144 && ratio(crossed, 5) > 0.0144)) crossed += 1;
    expect(page!.fired_at! / 60_000 - crossed).toBeLessThanOrEqual(3);
    expect(page!.since_at / 60_000).toBeGreaterThanOrEqual(begins);
    expect(page!.since_at / 60_000 - begins).toBeLessThanOrEqual(5);
    expect(page!.ended_at! / 60_000).toBeGreaterThan(ends);
    // Six hours burn on until half an hour has been well.
    expect(page!.ended_at! / 60_000 - ends).toBeLessThanOrEqual(30 + 6);
  });
});

describe('silence', () => {
  const quiet = from + 2 * 1_440 + 12 * 60;
  const busy = minutesOf(
    0,
    to,
    () => 40,
    () => 0.0003,
    randomOf(1),
  );
  const stopped = minutesOf(
    0,
    to,
    (m) => (m >= quiet && m < quiet + 90 ? 0 : 40),
    () => 0.0003,
    randomOf(1),
  );
  const only = (name: string, series: Series) =>
    new Map(slos.map((slo) => [slo.name, slo.name === name ? series : { ...none, witness: none }]));

  test('of clients while media nodes see people join is an alert of its own', () => {
    const alerts = fired(only('join-success', { ...stopped, witness: busy }));
    expect(alerts).toMatchObject([
      { slo: 'join-success', kind: 'blind', severity: 'ticket', status: 'resolved' },
    ]);
    expect(alerts[0]!.fired_at! / 60_000 - quiet).toBeLessThanOrEqual(21);
  });

  test('where nobody joins is no alert', () => {
    expect(fired(only('join-success', { ...stopped, witness: stopped }))).toEqual([]);
  });

  test('in the midst of a page does not end it: nobody knows', () => {
    const begins = quiet - 40;
    const burning = minutesOf(
      0,
      to,
      (m) => (m >= quiet && m < quiet + 90 ? 0 : 40),
      (m) => (m >= begins && m < quiet ? 0.1 : 0.0003),
      randomOf(2),
    );
    const page = fired(only('join-success', { ...burning, witness: busy })).find(
      ({ kind }) => kind === 'burn',
    )!;
    expect(page.ended_at! / 60_000).toBeGreaterThanOrEqual(quiet + 90);
  });
});
