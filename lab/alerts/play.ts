/**
 * Plays a scenario: what the fleet's sources would have sent goes through the collector, what the pipelines would have
 * judged of it (scores, incidents) into the store, and then every minute is evaluated as it would have been, twenty-five
 * seconds after its end, on a clock that runs faster than ours. What came of it is compared with the truth.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { windowPairs } from '../../alerts/burn.ts';
import { sloNamed } from '../../alerts/slos/list.ts';
import { regionOf } from '../../alerts/slos/regions.ts';
import { settleMs } from '../../pipelines/alerts/evaluate.ts';
import type { AlertRow } from '../../telemetry/alerts.ts';
import { type FleetRows, fleetRows, minuteMs } from './fleet.ts';
import { requestsOf } from './otlp.ts';
import type { Expected, Scenario } from './scenarios.ts';
import type { Stage } from './stage.ts';

export interface Outcome {
  readonly name: string;
  readonly title: string;
  /** Exactly the alert that was expected, told once to everyone it is for, and over once where its end is seen. */
  readonly right: boolean;
  readonly alerts: readonly {
    readonly severity: string;
    readonly slo: string;
    readonly scope: string;
    readonly factor: string;
    readonly firedAfterFaultMinutes: number;
    readonly status: string;
    readonly headline: string;
  }[];
  /** Of Alertmanager, as people get them. */
  readonly notifications: { readonly firing: number; readonly resolved: number };
  /** Incidents opened at PagerDuty, and closed. */
  readonly pages: { readonly opened: number; readonly closed: number };
  /** Of the page of joins, from the minute in which its people's failures crossed the quickest threshold; null: no such. */
  readonly afterThresholdMinutes: number | null;
}

export async function playScenario(stage: Stage, scenario: Scenario): Promise<Outcome> {
  await stage.clear();
  const now = Math.floor(Date.now() / minuteMs);
  // All of it is past: the collector believes nobody who is ahead of it.
  const fault = now - scenario.after - 5;
  const rows = fleetRows({
    fromMinute: fault - scenario.before,
    toMinute: fault + scenario.after + 1,
    ...scenario.fleet(fault),
  });
  await stage.send(requestsOf(rows, scenario.name));
  await stage.insert('stream_score', rows.scores);
  await stage.insert('incident', rows.incidents);
  await arrived(stage, rows);
  for (let minute = fault - 2; minute <= fault + scenario.after; minute += 1)
    await stage.evaluateAt(minute * minuteMs + settleMs + 5_000);
  await stage.delivered();
  return outcomeOf(stage, scenario, fault, rows);
}

async function arrived(stage: Stage, { spans, events }: FleetRows): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const [count] = await stage.rows<{ spans: number; events: number }>(
      'SELECT (SELECT count() FROM rtc_span) AS spans, (SELECT count() FROM rtc_event) AS events',
    );
    if (count?.spans === spans.length && count.events === events.length) return;
    if (Date.now() > deadline)
      throw new Error(
        `of ${spans.length} spans and ${events.length} events ${count?.spans} and ${count?.events} arrived`,
      );
    await delay(100);
  }
}

async function outcomeOf(stage: Stage, scenario: Scenario, fault: number, rows: FleetRows): Promise<Outcome> {
  const { expected, ends } = scenario;
  const alerts = await stage.rows<AlertRow>(
    `SELECT * REPLACE (toUnixTimestamp64Milli(fired_at) AS fired_at) FROM alert FINAL
     WHERE status != 'dropped' ORDER BY began_at`,
  );
  await notified(stage, ends ? 'resolved' : 'firing');
  const notifications = countOf(stage.sink.notifications, ({ status }) => status);
  const pager = countOf(stage.sink.pagerEvents, ({ event_action }) => event_action);
  const [alert] = alerts;
  const page = expected.severity === 'page';
  const crossed = expected.slo === 'join-success' ? crossing(rows, expected, fault) : undefined;
  return {
    name: scenario.name,
    title: scenario.title,
    right:
      alerts.length === 1 &&
      isExpected(alert!, expected) &&
      notifications.firing === 1 &&
      (pager.trigger ?? 0) === (page ? 1 : 0) &&
      (!ends || (notifications.resolved === 1 && pager.resolve === 1)),
    alerts: alerts.map(({ severity, slo, scope, factor, fired_at, status, headline }) => ({
      severity,
      slo,
      scope,
      factor,
      firedAfterFaultMinutes: fired_at! / minuteMs - fault,
      status,
      headline,
    })),
    notifications: { firing: notifications.firing ?? 0, resolved: notifications.resolved ?? 0 },
    pages: { opened: pager.trigger ?? 0, closed: pager.resolve ?? 0 },
    afterThresholdMinutes: alert && crossed !== undefined ? alert.fired_at! / minuteMs - crossed : null,
  };
}

const isExpected = (alert: AlertRow, { severity, slo, scope, factor, says }: Expected) =>
  alert.severity === severity &&
  alert.slo === slo &&
  alert.scope === scope &&
  alert.factor === factor &&
  says.test(alert.headline);

/** Alertmanager waits a second for the rest of a group; a tenth of a minute more, and nothing else will come. */
async function notified(stage: Stage, last: 'firing' | 'resolved'): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!stage.sink.notifications.some(({ status }) => status === last) && Date.now() < deadline)
    await delay(100);
  await delay(3_000);
}

function countOf<Item, Key extends string>(items: readonly Item[], key: (item: Item) => Key) {
  const counts: Partial<Record<Key, number>> = {};
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
  return counts;
}

/** Of the truth, not of the store: the first minute after which both windows of the quickest page burn too fast. */
function crossing({ spans, events }: FleetRows, { slo, scope }: Expected, fault: number): number | undefined {
  const [pair] = windowPairs;
  const budget = 1 - sloNamed(slo).objective;
  const region = regionOf(scope);
  const there = new Set(
    events
      .filter(({ attributes }) => attributes['geo.country.iso_code'] === region)
      .map(({ participant_id }) => participant_id),
  );
  const own = spans.filter(({ participant_id }) => region === '' || there.has(participant_id));
  const burns = (through: number, minutes: number) => {
    const within = own.filter(
      ({ time }) => time >= (through - minutes) * minuteMs && time < through * minuteMs,
    );
    const bad = within.filter(({ status_code }) => status_code === 'error').length;
    return within.length > 0 && bad / within.length / budget > pair!.burn;
  };
  for (let minute = fault; minute < fault + pair!.longMinutes; minute += 1)
    if (burns(minute, pair!.longMinutes) && burns(minute, pair!.shortMinutes)) return minute;
  return undefined;
}
