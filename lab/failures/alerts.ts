/**
 * Which alerts a run raises: the pipelines' evaluation of every minute, over what the run has left in the store, on a
 * clock that runs ahead, as if things stayed as they are for half an hour. What the evaluator of the stack itself has raised
 * by then stands in the same table.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { concernNamed } from '../../alerts/concerns.ts';
import { evaluate, settleMs } from '../../pipelines/alerts/evaluate.ts';
import { Store } from '../../pipelines/store/store.ts';
import type { AlertRow } from '../../telemetry/alerts.ts';

const minuteMs = 60_000;
/** A promise is blind after a quarter of an hour, and told of as a ticket five minutes later. */
const aheadMinutes = 30;
const log = pino({ level: 'silent' });

export interface AlertsAsked {
  /** Of a stack that is still up: its evaluator has nothing left to do for that half hour. */
  readonly clickhouseUrl: string;
  readonly signal: AbortSignal;
  /** Only what leads to this dashboard. @default all */
  readonly board?: string;
}

/** @returns names, each once, in the order in which people would have been told */
export async function alertsRaised({ clickhouseUrl, signal, board }: AlertsAsked): Promise<string[]> {
  // The evaluator waits as long for what belongs to a minute: metrics leave every ten seconds.
  await sleep(settleMs, undefined, { signal });
  const store = new Store(clickhouseUrl, 'patient');
  try {
    const now = Math.floor(Date.now() / minuteMs);
    for (let minute = now; minute <= now + aheadMinutes && !signal.aborted; minute += 1) {
      const at = minute * minuteMs + settleMs;
      await evaluate({ store, receivers: [], bases: {}, log, now: () => at });
    }
    const rows = await store.query<Pick<AlertRow, 'slo' | 'kind' | 'severity'>>(
      'SELECT slo, kind, severity FROM alert FINAL WHERE told ORDER BY fired_at, alert_id',
      {},
    );
    const asked = rows.filter(({ slo }) => board === undefined || concernNamed(slo).board === board);
    return [...new Set(asked.map(alertName))];
  } finally {
    await store.close();
  }
}

/** `node-lost (ticket)`, `recording blind (page)`. */
export const alertName = ({ slo, kind, severity }: Pick<AlertRow, 'slo' | 'kind' | 'severity'>): string =>
  `${slo}${kind === 'blind' ? ' blind' : ''} (${severity})`;
