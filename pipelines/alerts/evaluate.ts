/**
 * The `evaluate` job: brings all alerts up to the last minute that has settled. Everything it knows comes from the
 * store: minutes of promises and faults, alerts that stand, maintenance. Alerts have ids made from what they are about, so a
 * minute that is evaluated twice changes nothing; minutes that were missed are caught up one by one.
 */
import { performance } from 'node:perf_hooks';
import { longestMinutes } from '../../alerts/burn.ts';
import { type Concern, concernNamed } from '../../alerts/concerns.ts';
import type { Receiver } from '../../alerts/delivery/receiver.ts';
import { send } from '../../alerts/delivery/send.ts';
import { type Explanation, explain, readExplanation, unexplained } from '../../alerts/explain.ts';
import { faults } from '../../alerts/faults/list.ts';
import { faultMinutes } from '../../alerts/faults/verdict.ts';
import { groupOf } from '../../alerts/incident.ts';
import { inMaintenance, type MaintenanceRow } from '../../alerts/maintenance.ts';
import { type AlertMessage, factorKey, headline, type LinkBases, messageOf } from '../../alerts/message.ts';
import { noticesOf } from '../../alerts/notices.ts';
import { replay } from '../../alerts/replay.ts';
import { slos } from '../../alerts/slos/list.ts';
import { type MinutesRow, minutesSql, seriesOf } from '../../alerts/slos/minutes.ts';
import { rememberedMs } from '../../alerts/state.ts';
import type { AlertNoticeRow, AlertRow } from '../../telemetry/alerts.ts';
import type { Logger } from '../../telemetry/service/service.ts';
import { readSql, type Store } from '../store/store.ts';
import { regionMinutes } from './regions.ts';

const minuteMs = 60_000;
/** Samples of a minute have come, and its windows are scored, so long after it. */
export const settleMs = 20_000;
/** Further back nobody is told any more; `npm run alerts -- replay` shows what would have been. */
const catchUpMinutes = 360;

const throughSql = readSql('alert-through.sql');
const standingSql = readSql('alerts-standing.sql');
const maintenanceSql = readSql('alert-maintenance.sql');

export interface AlertContext {
  readonly store: Store;
  readonly receivers: readonly Receiver[];
  readonly bases: LinkBases;
  readonly log: Logger;
  readonly now: () => number;
}

/** @throws PipelinesError */
export async function evaluate(context: AlertContext): Promise<void> {
  const { store, now } = context;
  const startedMs = performance.now();
  const through = Math.floor((now() - settleMs) / minuteMs);
  const [run] = await store.query<{ through: number }>(throughSql, {});
  const last = run ? Math.floor(run.through / minuteMs) : undefined;
  if (last !== undefined && last >= through) return;
  const from = Math.max(last === undefined ? through : last + 1, through - catchUpMinutes);
  const [rows, faultRows, regionRows, standing, maintenance] = await Promise.all([
    store.query<MinutesRow>(minutesSql(slos), {
      from: (from - longestMinutes) * minuteMs,
      to: through * minuteMs,
    }),
    store.query<MinutesRow>(minutesSql(faults), {
      from: (from - faultMinutes) * minuteMs,
      to: through * minuteMs,
    }),
    regionMinutes(context, from, through),
    store.query<AlertRow>(standingSql, { from: from * minuteMs - rememberedMs }),
    store.query<MaintenanceRow>(maintenanceSql, { at: through * minuteMs }),
  ]);
  const { alerts, changes } = replay({
    slos,
    faults,
    series: new Map([...seriesOf(rows, slos, regionRows), ...seriesOf(faultRows, faults)]),
    alerts: new Map(standing.map((alert) => [alert.alert_id, alert])),
    from,
    to: through,
  });
  const over = new Set(changes.filter(({ status }) => status === 'resolved').map(({ alert_id }) => alert_id));
  const told = await tell(context, [...alerts.values()], over, through * minuteMs, maintenance);
  const changed = new Map(changes.map((alert) => [alert.alert_id, alerts.get(alert.alert_id) ?? alert]));
  for (const alert of told.alerts) changed.set(alert.alert_id, alert);
  // Notices first: cut off between the two, the same alerts make the same notices again.
  await store.insert('alert_notice', told.notices);
  await store.insert('alert', [...changed.values()]);
  const tookMs = Math.round(performance.now() - startedMs);
  await store.insert('alert_run', [{ through: through * minuteMs, took_ms: tookMs }]);
  await repeatOpen(
    context,
    [...alerts.values()].map((alert) => changed.get(alert.alert_id) ?? alert),
  );
}

/**
 * What is to be told now: alerts that fire and were not told of, and those told of whose end is new.
 * @param over ids of those that ended since the evaluation before
 */
async function tell(
  context: AlertContext,
  alerts: readonly AlertRow[],
  over: ReadonlySet<string>,
  atMs: number,
  maintenance: readonly MaintenanceRow[],
): Promise<{ alerts: AlertRow[]; notices: AlertNoticeRow[] }> {
  const { receivers, bases, log, now } = context;
  const byId = new Map(alerts.map((alert) => [alert.alert_id, alert]));
  const moved: AlertRow[] = [];
  const messages: AlertMessage[] = [];
  const fresh = alerts
    .filter(
      (alert) => alert.status === 'firing' && !alert.told && !inMaintenance(alert.slo, atMs, maintenance),
    )
    .sort((a, b) => a.severity.localeCompare(b.severity) || (b.burn ?? 0) - (a.burn ?? 0));
  for (const alert of fresh) {
    const slo = concernNamed(alert.slo);
    const explanation = await explained(context, slo, alert, atMs);
    const known = {
      ...alert,
      told: true,
      factor: factorKey(alert, explanation),
      headline: headline(slo, alert, explanation),
      explanation: JSON.stringify(explanation),
      revision: atMs + 1,
    };
    const grouped = { ...known, group_id: groupOf(known, [...byId.values()]) };
    byId.set(alert.alert_id, grouped);
    moved.push(grouped);
    messages.push(
      messageOf({ slo, alert: grouped, kind: 'firing', explanation, bases, othersOpen: false, nowMs: now() }),
    );
    log.warn(
      { alertId: alert.alert_id, groupId: grouped.group_id, severity: alert.severity },
      grouped.headline,
    );
  }
  for (const alert of alerts) {
    if (!alert.told || !over.has(alert.alert_id)) continue;
    const othersOpen = [...byId.values()].some(
      (one) => one.group_id === alert.group_id && one.status === 'firing' && one.told,
    );
    const slo = concernNamed(alert.slo);
    const explanation = readExplanation(alert);
    messages.push(messageOf({ slo, alert, kind: 'resolved', explanation, bases, othersOpen, nowMs: now() }));
    log.info({ alertId: alert.alert_id, groupId: alert.group_id }, 'alert is over');
  }
  return { alerts: moved, notices: messages.flatMap((message) => noticesOf(message, receivers, now())) };
}

/** An alert without its reason is worth more than none. */
async function explained(
  { store, log }: AlertContext,
  slo: Concern,
  alert: AlertRow,
  atMs: number,
): Promise<Explanation> {
  try {
    return await explain((sql, parameters) => store.query(sql, parameters), slo, alert, atMs);
  } catch (error) {
    log.warn({ slo: slo.name, err: error }, 'the alert is told without its reason');
    return unexplained;
  }
}

/** To receivers that hold alerts in memory only. A failure here is made good a minute later. */
async function repeatOpen(
  { receivers, bases, now, log }: AlertContext,
  alerts: readonly AlertRow[],
): Promise<void> {
  const open = alerts.filter((alert) => alert.status === 'firing' && alert.told);
  for (const receiver of receivers.filter(({ forgets }) => forgets)) {
    for (const alert of open) {
      const message = messageOf({
        slo: concernNamed(alert.slo),
        alert,
        kind: 'firing',
        explanation: readExplanation(alert),
        bases,
        othersOpen: false,
        nowMs: now(),
      });
      const request = receiver.request(message, now());
      try {
        if (request) await send(request);
      } catch (error) {
        log.debug({ receiver: receiver.name, error: (error as Error).message }, 'not repeated');
        break;
      }
    }
  }
}
