import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { burnOf, longestMinutes, sumsOf, thresholdOf, windowPairs } from '../../alerts/burn.ts';
import { faults as breakable } from '../../alerts/faults/list.ts';
import { rangeSeconds } from '../../alerts/grafana.ts';
import { replay } from '../../alerts/replay.ts';
import { sloNamed } from '../../alerts/slos/list.ts';
import { type Minutes, type MinutesRow, minutesSql, seriesOf } from '../../alerts/slos/minutes.ts';
import { faultPatience, patience } from '../../alerts/state.ts';
import { ruleSql } from '../../dashboards/alert-rules.ts';
import { expandMacros } from '../../dashboards/macros.ts';
import { openTestStore, type TestStore } from '../pipelines/support/store.ts';
import { dailyTraffic, minutesOf, randomOf } from './support/series.ts';

/*
 * Grafana's rules and our evaluator over the same generated month in the same store. Both are asked for the minutes
 * around every change of ours, and along a grid between them.
 */
const slo = sloNamed('join-success');
const minuteMs = 60_000;
const days = 29;
/** Midnight, so that the same hours are busy whenever the test runs. */
const end = Math.floor(Date.now() / minuteMs / 1_440) * 1_440;
const begin = end - days * 1_440;

/** Where the month goes wrong: from minute, for minutes, how badly. Days, hours and minutes from its beginning. */
const faults = [
  [3 * 1_440 + 600, 30, 0.05],
  [6 * 1_440 + 700, 300, 0.008],
  [10 * 1_440 + 200, 8, 0.9],
  [13 * 1_440, 2_000, 0.0045],
  [16 * 1_440 + 900, 3, 1],
  [21 * 1_440, 4_000, 0.0019],
  [26 * 1_440 + 800, 60, 0.03],
] as const;

const month: Minutes = minutesOf(
  begin,
  end,
  dailyTraffic(300),
  (minute) =>
    faults.find(([at, length]) => minute >= begin + at && minute < begin + at + length)?.[2] ?? 0.0002,
  randomOf(3),
);

let store: TestStore;
beforeAll(async () => {
  store = await openTestStore(inject('clickhouseUrl'));
  await store.client.insert({
    table: 'join_minute (minute, tenant_id, step, cause, spans, failed, within_3s)',
    values: month.minutes.map((minute, i) => [
      minute * 60,
      'acme',
      'rtc.join',
      '',
      month.total[i],
      month.total[i]! - month.good[i]!,
      month.good[i],
    ]),
    format: 'JSONCompactEachRow',
  });
});
afterAll(async () => await store?.close());

/** Whether Grafana's rule holds at each of the minutes. */
async function grafana(pair: (typeof windowPairs)[number], minutes: readonly number[]): Promise<boolean[]> {
  const answers: boolean[] = [];
  for (let i = 0; i < minutes.length; i += 80) {
    const query = minutes
      .slice(i, i + 80)
      .map((minute, nth) => {
        const toMs = minute * minuteMs;
        const sql = expandMacros(ruleSql(slo, pair), {
          fromMs: toMs - rangeSeconds(pair) * 1_000,
          toMs,
          intervalMs: minuteMs,
          variables: {},
        });
        return `SELECT ${nth} AS nth, burn FROM (${sql})`;
      })
      .join('\nUNION ALL\n');
    const rows = await store.rows<{ nth: number; burn: number }>(`SELECT * FROM (${query}) ORDER BY nth`);
    answers.push(...rows.map(({ burn }) => burn > thresholdOf(slo, pair)));
  }
  return answers;
}

const series = async () => {
  const result = await store.client.query({
    query: minutesSql([slo]),
    query_params: { from: begin * minuteMs, to: end * minuteMs },
    format: 'JSONEachRow',
  });
  return seriesOf(await result.json<MinutesRow>(), [slo]);
};

test('the store gives back the month that was put in', async () => {
  const back = (await series()).get(slo.name)!;
  expect(back.minutes).toEqual(month.minutes);
  expect(back.good).toEqual(month.good);
  expect(back.total).toEqual(month.total);
});

test.each(windowPairs.map((pair) => [pair.name, pair] as const))(
  '%s: both hold in the same minutes',
  async (_name, pair) => {
    const sums = sumsOf((await series()).get(slo.name)!);
    const ours = (minute: number) => burnOf(slo, sums, pair, minute).burns;
    const asked = new Set<number>();
    let changes = 0;
    for (let minute = begin + 1; minute < end; minute += 1) {
      if (ours(minute) !== ours(minute - 1)) {
        changes += 1;
        for (let near = -3; near <= 3; near += 1) asked.add(minute + near);
      }
      if ((minute - begin) % Math.max(60, Math.floor(pair.shortMinutes / 2)) === 0) asked.add(minute);
    }
    expect(changes).toBeGreaterThan(1);
    const minutes = [...asked].toSorted((a, b) => a - b);
    const theirs = await grafana(pair, minutes);
    const apart = minutes.filter((minute, i) => ours(minute) !== theirs[i]);
    expect(apart).toEqual([]);
  },
  60_000,
);

test('firing intervals are the faults that were made, no more and no less', async () => {
  const { changes } = replay({
    slos: [slo],
    series: await series(),
    alerts: new Map(),
    from: begin + longestMinutes,
    to: end,
  });
  const fired = [...new Map(changes.map((alert) => [alert.alert_id, alert])).values()]
    .filter(({ fired_at }) => fired_at !== null)
    .map(({ severity, fired_at, ended_at }) => ({
      severity,
      from: fired_at! / minuteMs - begin,
      to: ended_at! / minuteMs - begin,
    }));
  const during = (at: number, length: number) =>
    fired.filter(({ from }) => from >= at && from <= at + length).map(({ severity }) => severity);
  // The first lies before three whole days are known.
  const [, slow, sharp, day, moment, crawl, half] = faults.map(([at, length]) => during(at, length + 30));
  expect({ slow, sharp, day, moment, crawl, half }).toEqual({
    // A ticket while it is slow, a page once six hours have burnt six times too fast.
    slow: ['ticket', 'page'],
    sharp: ['page'],
    day: ['ticket'],
    moment: ['page'],
    crawl: ['ticket'],
    half: ['page'],
  });
  expect(fired).toHaveLength(8);
});

test("Grafana's rules wait and keep on as long as we do", async () => {
  const { alertRuleGroups } = await import('../../dashboards/alert-rules.ts');
  for (const rule of alertRuleGroups().flatMap(({ rules }) => rules)) {
    if (rule.uid === 'callscope-no-telemetry') continue;
    const ofFault = breakable.some(({ name }) => name === rule.labels!.slo);
    const { forMs, calmMs } = ofFault ? faultPatience : patience[rule.labels!.severity as 'page' | 'ticket'];
    expect([rule.for, rule.keepFiringFor]).toEqual([`${forMs / 1000}s`, `${calmMs / 1000}s`]);
  }
});
