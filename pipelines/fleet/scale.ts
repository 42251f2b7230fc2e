/**
 * The `scale-turn` job: looks at the relays of every region, lets the policy of quality/fleet decide, hands the order
 * to the driver, and keeps the decision with its reason, and later what came of it. A region whose telemetry is
 * missing is frozen by the policy; without Redis there is no job at all, and the fleet stays as it is.
 */
import { randomBytes } from 'node:crypto';
import type { FleetDecision, FleetView } from '../../quality/fleet/fleet.ts';
import { fullestLoad, judgeFleet } from '../../quality/fleet/outcome.ts';
import { decideFleet } from '../../quality/fleet/policy.ts';
import type { FleetSettings } from '../../quality/fleet/settings.ts';
import type { RelayHeartbeat, RelayOrder } from '../../telemetry/relays.ts';
import type { FleetDecisionRow } from '../../telemetry/rows.ts';
import type { Logger } from '../../telemetry/service/service.ts';
import { answersStun } from '../../telemetry/service/stun.ts';
import type { Queues } from '../queues.ts';
import { readSql, type Store } from '../store/store.ts';
import type { FleetBook } from './FleetBook.ts';
import type { FleetDriver } from './settings.ts';
import { comingAfter, type FleetState, fleetViewOf } from './view.ts';

export interface ScaleContext {
  readonly store: Store;
  readonly queues: Queues;
  readonly book: FleetBook;
  readonly driver: FleetDriver;
  /** Of this deployment; those of relays elsewhere are looked at too. */
  readonly region: string;
  readonly policy: FleetSettings;
  readonly log: Logger;
  readonly now: () => number;
}

/** An order not carried out by then is for a fleet that is another by now. */
const orderTtlMs = 60_000;
/** A webhook may have to be told several times. */
const webhookTtlMs = 300_000;
const lockMs = 30_000;
const probeLimitMs = 1_000;
/** Over so long at least is looked at what came of a decision. */
const outcomeAfterMs = 10_000;

const undecidedSql = readSql('fleet-decisions.sql');

export async function scale(context: ScaleContext): Promise<void> {
  const { book, region: own, log } = context;
  const heartbeats = await book.relays();
  const states = await book.states();
  const regionOf = (id: string, heartbeat: RelayHeartbeat | null) =>
    heartbeat?.region ?? [...states].find(([, state]) => state.relays[id])?.[0];
  const byRegion = Map.groupBy(heartbeats, ([id, heartbeat]) => regionOf(id, heartbeat));
  for (const region of new Set([own, ...byRegion.keys()])) {
    // Never heard of: nobody knows where it is, or whether it was one of ours.
    if (region === undefined) continue;
    if (!(await book.lock(region, lockMs))) continue;
    try {
      await scaleRegion(context, region, new Map(byRegion.get(region)));
    } finally {
      await book
        .unlock(region)
        .catch((error: unknown) => log.debug({ err: error }, 'lock runs out by itself'));
    }
  }
}

async function scaleRegion(
  context: ScaleContext,
  region: string,
  heartbeats: Map<string, RelayHeartbeat | null>,
): Promise<void> {
  const { book, driver, policy, log, now } = context;
  const state = await book.state(region);
  const answers = await probeUnheard(heartbeats, state);
  const nowMs = now();
  const { view, relays } = fleetViewOf({ nowMs, region, heartbeats, answers }, state);
  const { decision, memory } = decideFleet(view, state.memory, policy);
  const orders = decision.start + decision.resume.length + decision.drain.length + decision.remove.length > 0;
  const key = JSON.stringify([
    decision.action,
    decision.start,
    decision.resume,
    decision.drain,
    decision.remove,
  ]);
  const coming = comingAfter(state, heartbeats, nowMs);
  const leaving = state.leaving.filter(
    ({ relayId, untilMs }) => untilMs > nowMs && heartbeats.get(relayId)?.state !== 'draining',
  );
  const next: FleetState = {
    ...state,
    memory: { ...memory, demand: [...memory.demand], wanted: [...memory.wanted] },
    relays,
    lookedAtMs: nowMs,
    coming,
    leaving: leaving.filter(({ relayId }) => !decision.resume.includes(relayId)),
    lastAction: key,
    wanted: wantedOf(decision, state, policy),
  };
  let told: FleetDecisionRow['told'] = 'nothing';
  const decisionId = `f-${nowMs.toString(36)}-${randomBytes(5).toString('hex')}`;
  if (orders && driver.kind !== 'metrics') {
    told = await handOver(context, region, decisionId, decision, nowMs);
    if (told === 'queued') {
      const untilMs = nowMs + policy.warmUpMs + orderTtlMs;
      if (decision.start > 0) next.coming.push({ untilMs, relays: decision.start });
      next.leaving.push(...decision.drain.map((relayId) => ({ relayId, untilMs })));
    }
  }
  await book.keep(region, next);
  // Struck off only once it is neither heard nor answering, and the driver was told to end it.
  await book.strike(decision.remove.filter((id) => heartbeats.get(id) === null && answers.get(id) === false));
  if (key !== state.lastAction) {
    log[orders || decision.action === 'freeze' ? 'warn' : 'info'](
      {
        region,
        decisionId,
        action: decision.action,
        wanted: decision.wanted,
        told,
        evidence: decision.evidence,
      },
      decision.reason,
    );
    await keep(context, rowOf({ region, decisionId, nowMs, decision, view, driver, told }));
  }
  await judgePast(context, region, view, nowMs);
}

/** As many as are to stay or come; what an autoscaler may act on at any moment, whatever the last decision was. */
export function wantedOf(decision: FleetDecision, state: FleetState, policy: FleetSettings): number {
  const sound = decision.evidence.soundRelays ?? decision.wanted;
  const wanted =
    decision.action === 'grow' || decision.action === 'shrink'
      ? decision.wanted
      : Math.max(decision.wanted, sound, decision.action === 'freeze' ? state.wanted : 0);
  return Math.min(policy.maxRelays, Math.max(policy.minRelays, wanted));
}

async function probeUnheard(
  heartbeats: ReadonlyMap<string, RelayHeartbeat | null>,
  state: FleetState,
): Promise<Map<string, boolean>> {
  const unheard = [...heartbeats].filter(([, heartbeat]) => heartbeat === null).map(([id]) => id);
  const probed = await Promise.all(
    unheard.map(async (id) => {
      const url = state.relays[id]?.urls.find((one) => one.endsWith('transport=udp'));
      const [, host, port] = /^turns?:\[?([^\]?]+?)\]?:(\d+)/.exec(url ?? '') ?? [];
      return host && port ? ([id, await answersStun(Number(port), host, probeLimitMs)] as const) : undefined;
    }),
  );
  return new Map(probed.filter((one) => one !== undefined));
}

async function handOver(
  { queues, driver, log }: ScaleContext,
  region: string,
  decisionId: string,
  { start, resume, drain, remove, reason }: FleetDecision,
  nowMs: number,
): Promise<'queued' | 'failed'> {
  const order: RelayOrder = {
    orderId: `o-${randomBytes(12).toString('hex')}`,
    decisionId,
    region,
    start,
    resume: [...resume],
    drain: [...drain],
    remove: [...remove],
    reason: reason.slice(0, 500),
    sentAtMs: nowMs,
    ttlMs: driver.kind === 'webhook' ? webhookTtlMs : orderTtlMs,
  };
  try {
    if (driver.kind === 'local') await queues.sendOrder(order, driver.secret);
    else await queues.addFleetWebhook(order);
    return 'queued';
  } catch (error) {
    log.error({ err: error, decisionId }, 'order to the fleet could not be handed over');
    return 'failed';
  }
}

function rowOf(made: {
  region: string;
  decisionId: string;
  nowMs: number;
  decision: FleetDecision;
  view: FleetView;
  driver: FleetDriver;
  told: FleetDecisionRow['told'];
}): FleetDecisionRow {
  const { region, decisionId, nowMs, decision, view, driver, told } = made;
  const fullest = fullestLoad(view);
  return {
    region,
    decision_id: decisionId,
    decided_at: nowMs,
    action: decision.action,
    wanted: decision.wanted,
    start: decision.start,
    resume: [...decision.resume],
    drain: [...decision.drain],
    remove: [...decision.remove],
    reason: decision.reason,
    evidence: JSON.stringify({
      ...decision.evidence,
      ...(fullest !== undefined && { fullestLoad: fullest }),
    }),
    driver: driver.kind,
    told,
    outcome: '',
    outcome_evidence: '{}',
    revision: nowMs,
  };
}

async function judgePast(
  context: ScaleContext,
  region: string,
  view: FleetView,
  nowMs: number,
): Promise<void> {
  const { store, policy } = context;
  const before = nowMs - Math.max(outcomeAfterMs, policy.warmUpMs + 2 * policy.lookMs);
  const due = await store.query<FleetDecisionRow>(undecidedSql, { region, before, since: before - 600_000 });
  await keep(
    context,
    ...due.map((row) => {
      const decided = {
        action: row.action,
        wanted: row.wanted,
        fullestLoad: (JSON.parse(row.evidence) as { fullestLoad?: number }).fullestLoad,
        removed: row.remove,
      };
      const { outcome, evidence } = judgeFleet(decided, view, policy.saturatedLoad);
      return { ...row, outcome, outcome_evidence: JSON.stringify(evidence), revision: nowMs };
    }),
  );
}

async function keep({ store }: ScaleContext, ...rows: FleetDecisionRow[]): Promise<void> {
  await store.insert('fleet_decision', rows);
}
