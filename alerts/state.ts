/**
 * The life of an alert: pending, firing, resolved. One at most per promise or fault, kind, severity and scope; its id is made from
 * these and the minute it began, so that a minute evaluated twice finds what it made the first time. Pure.
 */
import type { AlertRow, Severity } from '../telemetry/alerts.ts';
import type { Verdict } from './verdict.ts';

const minuteMs = 60_000;

export interface Patience {
  /** How long a condition must hold before anybody is told. */
  readonly forMs: number;
  /** How long it must be gone before it counts as over. */
  readonly calmMs: number;
}

/** Of promises. */
export const patience: Readonly<Record<Severity, Patience>> = {
  // The windows have waited already; one more minute keeps out what late data takes back.
  page: { forMs: minuteMs, calmMs: 5 * minuteMs },
  ticket: { forMs: 5 * minuteMs, calmMs: 30 * minuteMs },
};

/** One sign of a fault is enough, and counts for minutes. */
export const faultPatience: Patience = { forMs: 0, calmMs: 0 };

const patienceOf = ({ kind, severity }: Pick<AlertRow, 'kind' | 'severity'>): Patience =>
  kind === 'fault' ? faultPatience : patience[severity];

/** What an alert is about. */
interface Named {
  readonly name: string;
}

/** What is still open, or ended so lately that it bears on others. */
export type Alerts = ReadonlyMap<string, AlertRow>;

export interface Step {
  /** All that stand after it, ended ones included. */
  readonly alerts: Map<string, AlertRow>;
  /** Rows that are new or changed. */
  readonly changed: readonly AlertRow[];
}

/** Ended alerts are forgotten after it: the longest short window of a ticket. */
export const rememberedMs = 360 * minuteMs;

/** @param atMs the minute that is evaluated, epoch ms */
export function step(
  alerts: Alerts,
  verdicts: readonly { readonly slo: Named; readonly verdict: Verdict }[],
  atMs: number,
): Step {
  const next = new Map(
    [...alerts].filter(([, alert]) => !alert.ended_at || atMs - alert.ended_at <= rememberedMs),
  );
  const changed = new Map<string, AlertRow>();
  const put = (alert: AlertRow) => {
    next.set(alert.alert_id, alert);
    changed.set(alert.alert_id, alert);
  };
  // Pages first: a ticket looks whether one has told of the same.
  const ordered = [...verdicts].sort((a, b) => rank(a.verdict) - rank(b.verdict));
  for (const { slo, verdict } of ordered) {
    const open = [...next.values()].find(
      (alert) =>
        alert.slo === slo.name &&
        alert.kind === verdict.kind &&
        alert.severity === verdict.severity &&
        alert.scope === verdict.scope &&
        alert.ended_at === null,
    );
    const moved = open
      ? goOn(open, verdict, atMs)
      : verdict.state === 'holds' && !toldByOther(next.values(), slo, verdict, atMs)
        ? begin(slo, verdict, atMs)
        : undefined;
    if (moved) put(moved);
    // The page says it louder: the ticket about the same ends.
    if (moved?.status === 'firing' && moved.fired_at === atMs && moved.severity === 'page') {
      for (const ticket of next.values())
        if (
          ticket.slo === slo.name &&
          ticket.kind === moved.kind &&
          ticket.scope === moved.scope &&
          ticket.severity === 'ticket' &&
          !ticket.ended_at
        )
          put(ended(ticket, atMs));
    }
  }
  return { alerts: next, changed: [...changed.values()] };
}

const rank = ({ severity, scope }: Verdict) => (severity === 'page' ? (scope === '' ? 0 : 1) : 2);

/**
 * No news: the budget that a page told of is still in the ticket's windows long after; and what goes on in a region is
 * in the page about everybody that is open.
 */
function toldByOther(alerts: Iterable<AlertRow>, slo: Named, verdict: Verdict, atMs: number): boolean {
  if (verdict.kind !== 'burn' || (verdict.severity === 'page' && verdict.scope === '')) return false;
  const short = verdict.severity === 'page' ? 0 : (verdict.burn?.pair.shortMinutes ?? 0) * minuteMs;
  for (const alert of alerts) {
    if (alert.slo !== slo.name || alert.kind !== 'burn' || alert.severity !== 'page') continue;
    if (alert.scope !== '' || alert.status === 'dropped') continue;
    if (alert.ended_at === null || atMs - alert.ended_at <= short) return true;
  }
  return false;
}

/** What needs no patience fires as it begins. */
function begin(slo: Named, verdict: Verdict, atMs: number): AlertRow {
  const alert = pending(slo, verdict, atMs);
  return goOn(alert, verdict, atMs) ?? alert;
}

function pending(slo: Named, verdict: Verdict, atMs: number): AlertRow {
  const { kind, severity, scope } = verdict;
  const alertId = [slo.name, kind, severity, ...(scope ? [scope] : []), atMs / minuteMs].join('-');
  return {
    alert_id: alertId,
    slo: slo.name,
    kind,
    severity,
    scope,
    status: 'pending',
    group_id: alertId,
    began_at: atMs,
    fired_at: null,
    calm_at: null,
    ended_at: null,
    told: false,
    factor: '',
    headline: '',
    explanation: '',
    revision: atMs,
    ...measured(verdict, atMs),
  };
}

const measured = ({ burn, since }: Verdict, atMs: number) => ({
  since_at: since === undefined ? atMs : since * minuteMs,
  burn_window: burn?.pair.name ?? '',
  burn: burn?.burn ?? null,
  bad: burn?.bad ?? null,
  total: burn?.total ?? null,
});

/** Undefined when nothing changes. */
function goOn(alert: AlertRow, verdict: Verdict, atMs: number): AlertRow | undefined {
  const { forMs, calmMs } = patienceOf(alert);
  if (verdict.state === 'unknown') return undefined;
  if (verdict.state === 'holds') {
    if (alert.status === 'pending' && atMs - alert.began_at >= forMs) {
      const sinceAt = alert.since_at;
      const fired = { ...alert, ...measured(verdict, atMs), status: 'firing' as const };
      return {
        ...fired,
        since_at: Math.min(sinceAt, fired.since_at),
        fired_at: atMs,
        calm_at: null,
        revision: atMs,
      };
    }
    return again(alert, atMs);
  }
  if (verdict.state === 'lingers' && alert.status === 'firing') return again(alert, atMs);
  if (alert.status === 'pending') return { ...alert, status: 'dropped', ended_at: atMs, revision: atMs };
  const calmAt = alert.calm_at ?? atMs;
  if (atMs - calmAt >= calmMs) return { ...ended(alert, atMs), calm_at: calmAt };
  return alert.calm_at === null ? { ...alert, calm_at: atMs, revision: atMs } : undefined;
}

/** Before it was over: still the same alert. */
const again = (alert: AlertRow, atMs: number): AlertRow | undefined =>
  alert.calm_at === null ? undefined : { ...alert, calm_at: null, revision: atMs };

const ended = (alert: AlertRow, atMs: number): AlertRow => ({
  ...alert,
  status: alert.status === 'pending' ? 'dropped' : 'resolved',
  ended_at: atMs,
  revision: atMs,
});
