/**
 * One run: a call of three, a clean lead-in, the fault, a tail, and what the service wrote of it.
 *
 * The onset is the moment when the fault is in force, by the clock of whatever makes it (the relay's thread, the
 * pulser's process, the page); all on one machine, whose clock is also the one that dates the incidents.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { carryOut, type Done } from './actions.ts';
import { type LabCall, mediaFlows, openCall, seatCount } from './call.ts';
import type { Cast, Family, Plan, Severity, Step } from './families/family.ts';
import { type Findings, readFindings } from './findings.ts';
import { createLoadMeter } from './machine/load.ts';
import { createRandom } from './network/random.ts';
import type { RunRow } from './row.ts';
import type { Session } from './session.ts';

export interface RunSpec {
  readonly family: Family;
  readonly severity: Severity;
  readonly seed: number;
  /** From the fault's end to the call's. @default 6 s: whether the end itself raises an alarm */
  readonly tailMs?: number;
}

/** From flowing media to the fault: some detectors say nothing in a call's first 10 s, while encoders ramp up. */
const leadMs = 11_000;
const usualTailMs = 6_000;
/** Incidents are found every second: what was judged by the end is in the store this much later. */
const settleMs = 1_000;

/** Who plays which part: all six orders are as likely. */
export function castOf({
  family,
  severity,
  seed,
}: {
  family: { name: string };
  severity: string;
  seed: number;
}): Cast {
  const random = createRandom(seed, `cast ${family.name} ${severity}`);
  const seats = Array.from({ length: seatCount }, (_, seat) => seat);
  for (let i = seats.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [seats[i], seats[j]] = [seats[j]!, seats[i]!];
  }
  const [guilty, second, third] = seats as [number, number, number];
  return { guilty, second, third };
}

/** Wall time of a run, for the progress bar: joining and leaving take some 6 s. */
export const expectedMs = (plan: Plan, tailMs = usualTailMs): number =>
  6_000 + (plan.atJoin ? plan.faultMs : leadMs + plan.faultMs + tailMs) + settleMs;

/** @throws Error when the call does not come about or the fault cannot be made, or the signal's reason */
export async function playRun(session: Session, spec: RunSpec, signal: AbortSignal): Promise<RunRow> {
  const { family, severity, seed } = spec;
  const plan = family.plan(severity, castOf(spec));
  const room = `lab-${Date.now().toString(36)}`;
  const call = await openCall(session, room, plan, seed, signal);
  try {
    const played = plan.atJoin
      ? await watchJoin(call, plan, signal)
      : await spoil(call, plan, spec.tailMs ?? usualTailMs, session, signal);
    await sleep(settleMs, undefined, { signal });
    const callIds = [...new Set(call.seats.flatMap((seat) => [...seat.callIds]))];
    const findings = await readFindings(session.clickhouse, callIds);
    return rowOf(spec, plan, call, played, findings, session);
  } finally {
    await call.close();
  }
}

/** Times in epoch ms. */
interface Played {
  readyAtMs: number;
  onsetAtMs: number;
  faultEndAtMs: number;
  endAtMs: number;
  load: RunRow['load'];
  dropped: RunRow['dropped'];
}

/** The fault came with the join: there is nothing to be done but to wait. */
async function watchJoin(call: LabCall, plan: Plan, signal: AbortSignal): Promise<Played> {
  const load = createLoadMeter();
  const guilty = plan.expected[0]?.guilty ?? 0;
  const onsetAtMs = call.seats[guilty]!.joinedAtMs;
  await call.seats[guilty]!.participant.lookAway();
  const endAtMs = onsetAtMs + plan.faultMs;
  await sleep(Math.max(0, endAtMs - Date.now()), undefined, { signal });
  const busy = load.read();
  return {
    readyAtMs: onsetAtMs,
    onsetAtMs,
    faultEndAtMs: endAtMs,
    endAtMs,
    load: { before: busy, during: busy },
    dropped: await droppedBy(call),
  };
}

async function spoil(
  call: LabCall,
  plan: Plan,
  tailMs: number,
  session: Session,
  signal: AbortSignal,
): Promise<Played> {
  await mediaFlows(call, plan, signal);
  await Promise.all(call.seats.map(({ participant }) => participant.lookAway()));
  const readyAtMs = Date.now();
  const load = createLoadMeter();
  await sleep(leadMs, undefined, { signal });
  const before = load.read();
  const droppedBefore = await droppedBy(call);

  const done: Done[] = [];
  const undone = new Set<Done>();
  const undo = async (one: Done) => {
    if (undone.has(one)) return;
    undone.add(one);
    await one.undo();
  };
  try {
    let onsetAtMs = plan.steps.length === 0 ? Date.now() : undefined;
    for (const moment of moments(plan)) {
      if (onsetAtMs !== undefined)
        await sleep(Math.max(0, onsetAtMs + moment.atMs - Date.now()), undefined, { signal });
      if (moment.what === 'end') {
        const one = done[moment.step];
        if (one) await undo(one);
        continue;
      }
      const one = await carryOut(plan.steps[moment.step]!.action, call, session);
      done[moment.step] = one;
      onsetAtMs ??= one.atMs;
    }
    onsetAtMs ??= Date.now();
    await sleep(Math.max(0, onsetAtMs + plan.faultMs - Date.now()), undefined, { signal });
    const during = load.read();
    const droppedAfter = await droppedBy(call);
    // What was to outlast the fault stays until the end of the call.
    const lasting = new Set(plan.steps.map((step, i) => (outlasts(step, plan) ? done[i] : undefined)));
    for (const one of done) if (one && !lasting.has(one)) await undo(one);
    const faultEndAtMs = Date.now();
    await sleep(tailMs, undefined, { signal });
    return {
      readyAtMs,
      onsetAtMs,
      faultEndAtMs,
      endAtMs: Date.now(),
      load: { before, during },
      dropped: droppedAfter.map(({ up, down }, i) => ({
        up: up - droppedBefore[i]!.up,
        down: down - droppedBefore[i]!.down,
      })),
    };
  } finally {
    for (const one of done) if (one) await undo(one).catch(() => {});
  }
}

const outlasts = ({ atMs = 0, forMs }: Step, plan: Plan): boolean =>
  forMs !== undefined && atMs + forMs > plan.faultMs;

interface Moment {
  atMs: number;
  what: 'begin' | 'end';
  step: number;
}

/** Beginnings, and the ends that come within the fault, in their order. */
export function moments(plan: Plan): Moment[] {
  return plan.steps
    .flatMap(({ atMs = 0, forMs }, step): Moment[] => {
      const begin: Moment = { atMs, what: 'begin', step };
      const endsWithin = forMs !== undefined && atMs + forMs < plan.faultMs;
      return endsWithin ? [begin, { atMs: atMs + forMs, what: 'end', step }] : [begin];
    })
    .sort((a, b) => a.atMs - b.atMs);
}

async function droppedBy(call: LabCall): Promise<RunRow['dropped']> {
  const counters = await Promise.all(call.seats.map(({ line }) => line.counters()));
  const sum = (dropped: Record<string, number>) =>
    Object.values(dropped).reduce((all, count) => all + count, 0);
  return counters.map(({ up, down }) => ({ up: sum(up.dropped), down: sum(down.dropped) }));
}

function rowOf(
  spec: RunSpec,
  plan: Plan,
  call: LabCall,
  played: Played,
  findings: Findings,
  session: Session,
): RunRow {
  const { onsetAtMs } = played;
  const seatOf = (participantId: string) => {
    const seat = call.seats.findIndex(({ participantIds }) => participantIds.has(participantId));
    return seat < 0 ? null : seat;
  };
  const since = (atMs: number) => Math.round(atMs - onsetAtMs);
  const heard = plan.affected.length > 0 ? plan.affected : call.seats.map((_, seat) => seat);
  const mean = (fromMs: number, toMs: number) => {
    const of = (kind: 'audio' | 'video') => {
      const values = findings.scores
        .filter(
          (score) =>
            score.kind === kind &&
            score.window_start >= fromMs &&
            score.window_start + score.window_ms <= toMs,
        )
        .filter((score) => heard.includes(seatOf(score.receiver_id) ?? -1))
        .map(({ mos }) => mos);
      if (values.length === 0) return null;
      return Math.round((values.reduce((sum, mos) => sum + mos, 0) / values.length) * 100) / 100;
    };
    return { audio: of('audio'), video: of('video') };
  };
  return {
    family: spec.family.name,
    severity: spec.severity,
    seed: spec.seed,
    loop: session.loop,
    date: new Date(onsetAtMs).toISOString(),
    callIds: [...new Set(call.seats.flatMap((seat) => [...seat.callIds]))],
    participants: call.seats.length,
    seats: call.seats.map(({ participantIds }) => [...participantIds]),
    readyMs: since(played.readyAtMs),
    faultEndMs: since(played.faultEndAtMs),
    endMs: since(played.endAtMs),
    truth: structuredClone({
      expected: plan.expected,
      sideEffects: plan.sideEffects,
      affected: plan.affected,
    }) as RunRow['truth'],
    found: findings.incidents.map((incident) => ({
      kind: incident.kind,
      detector: incident.detector,
      hop: incident.hop,
      seat: seatOf(incident.participant_id),
      severity: incident.severity,
      confidence: incident.confidence,
      startedMs: since(incident.started_at),
      detectedMs: since(incident.detected_at),
      endedMs: incident.ended_at === null ? null : since(incident.ended_at),
      affected: incident.affected.map(seatOf).filter((seat) => seat !== null),
      evidence: incident.evidence,
      sentence: incident.sentence,
    })),
    decisions: findings.decisions.map(
      ({ kind, participant_id, sent_at, lifted_at, lift_reason, outcome }) => ({
        kind,
        seat: seatOf(participant_id),
        sentMs: since(sent_at),
        recoveredMs: lifted_at !== null && lift_reason === 'recovered' ? since(lifted_at) : null,
        outcome,
      }),
    ),
    mos: {
      before: mean(played.readyAtMs, onsetAtMs),
      during: mean(onsetAtMs, played.faultEndAtMs),
    },
    load: played.load,
    versions: session.versions,
    dropped: played.dropped,
  };
}
