/** What the scenarios have in common that kill a part of the media service under a call. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '../../runtime/stack.ts';
import { events } from '../../telemetry/events.ts';
import { clearStore } from '../clear.ts';
import { alertsRaised } from './alerts.ts';
import { openWatchedCall } from './call.ts';
import type { Interruption } from './flow.ts';
import { eventsSince, incidentsSince } from './records.ts';
import type { FailureContext, FailureRun } from './scenario.ts';
import type { Stand } from './stand.ts';

const recoverLimitMs = 30_000;
const detectLimitMs = 20_000;
const kinds = ['sfu_death'];

/** @param kill returns once the order is given */
export async function playDeath(
  { stack, browser, clickhouse }: Stand,
  name: string,
  { signal }: FailureContext,
  kill: () => void | Promise<void>,
): Promise<FailureRun> {
  await clearStore(clickhouse);
  const link = await stack.invite(`${name}-${Date.now().toString(36)}`);
  const call = await openWatchedCall(browser, link, signal);
  try {
    const faultAtMs = Date.now();
    await kill();
    const interruptions = await call.afterFault(faultAtMs, recoverLimitMs);
    const asked = { clickhouse, faultAtMs, limitMs: detectLimitMs, signal };
    const found = await incidentsSince(call.callIds(), kinds, asked);
    const joined = await eventsSince([events.participantJoined], asked);
    const death = found.find(({ kind }) => kinds.includes(kind));
    return {
      detectMs: death ? death.detected_at - faultAtMs : null,
      mitigateMs: joined[0]?.afterMs ?? null,
      ...recovery(interruptions),
      incidents: found.map(({ kind }) => kind),
      alerts: await alertsRaised({ clickhouseUrl: stack.urls.clickhouse, signal }),
      also: { affected: death?.affected.length ?? 0 },
    };
  } finally {
    await call.close();
  }
}

/** A part that was killed in the run before is to be back before the next one. */
export async function allReady({ children }: Stack, signal: AbortSignal): Promise<void> {
  while (![...children.values()].every(({ state }) => state === 'ready')) {
    await sleep(200, undefined, { signal });
  }
}

/** Everybody counts: it is over when the last one is back. */
export function recovery(interruptions: readonly Interruption[]): Pick<FailureRun, 'recoverMs' | 'lost'> {
  const back = interruptions.map(({ backMs }) => backMs).filter((ms) => ms !== null);
  const lost = interruptions.length - back.length;
  return { recoverMs: lost > 0 ? null : Math.max(...back), lost };
}
