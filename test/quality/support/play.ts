/** Plays a synthetic call as the pipelines would judge it: every half second, with what had arrived by then. */
import { isInForce } from '../../../quality/decisions.ts';
import { callFeatures } from '../../../quality/features/call.ts';
import { historyMs, sourceHistoryMs } from '../../../quality/features/trailing.ts';
import { followIncidents } from '../../../quality/incidents.ts';
import { joinPaths } from '../../../quality/paths.ts';
import { decide, type Step } from '../../../quality/policy.ts';
import type { CallSamples, Sample, SampleTable } from '../../../quality/samples.ts';
import { sampleColumns } from '../../../quality/samples.ts';
import type { DecisionRow, IncidentRow } from '../../../telemetry/rows.ts';
import { startMs } from './synthetic-call.ts';

/** How late samples are in the store: the SFU's at most, the clients' at most. */
const sfuLateMs = 700;
const clientLateMs = 2_500;

export interface Played {
  readonly incidents: IncidentRow[];
  readonly decisions: DecisionRow[];
  /** Every step with the second it was taken in. */
  readonly steps: { second: number; step: Step }[];
}

export function play(
  call: CallSamples,
  options: { fromSecond?: number; toSecond: number; steering?: boolean; known?: Played },
): Played {
  let incidents = options.known?.incidents ?? [];
  let decisions = options.known?.decisions ?? [];
  const steps = [...(options.known?.steps ?? [])];
  for (let half = (options.fromSecond ?? 0) * 2; half <= options.toSecond * 2; half++) {
    const atMs = startMs + half * 500;
    const features = featuresAt(call, atMs, decisions);
    const changed = followIncidents(
      features,
      incidents,
      new Map(call.events.map((e) => [e.participant_id, e.participant_id])),
    );
    incidents = replaced(incidents, changed, (i) => i.incident_id);
    if (!options.steering) continue;
    for (const step of decide(features, incidents, decisions)) {
      steps.push({ second: half / 2, step });
      decisions = replaced(decisions, [afterSfu(step, atMs)], (d) => d.decision_id);
      if (step.step === 'take') {
        decisions = decisions.map((d) =>
          d.participant_id === step.decision.participant_id &&
          d.decision_id !== step.decision.decision_id &&
          isInForce(d, atMs)
            ? { ...d, lifted_at: atMs, lift_reason: 'replaced' }
            : d,
        );
      }
    }
  }
  return { incidents, decisions, steps };
}

/** What the SFU makes of a step at once. */
const afterSfu = (step: Step, atMs: number): DecisionRow =>
  step.step === 'lift'
    ? { ...step.decision, lifted_at: atMs }
    : { ...step.decision, applied_at: step.decision.applied_at ?? atMs + 50 };

export function featuresAt(call: CallSamples, atMs: number, decisions: readonly DecisionRow[] = []) {
  const seen = { ...call } as { [T in SampleTable]: readonly Sample<T>[] } & CallSamples;
  for (const table of Object.keys(sampleColumns) as SampleTable[]) {
    const lateMs = table.startsWith('sfu_') ? sfuLateMs : clientLateMs;
    const backMs = table === 'media_source' ? sourceHistoryMs + 1_000 : historyMs + 5_000;
    Object.assign(seen, {
      [table]: call[table].filter((s) => s.time + lateMs <= atMs && s.time > atMs - backMs),
    });
  }
  return callFeatures(
    joinPaths(seen),
    call.events.filter((e) => e.time <= atMs),
    {
      tenantId: call.tenantId,
      callId: call.callId,
      atMs,
      decisions,
    },
  );
}

function replaced<T>(old: readonly T[], rows: readonly T[], idOf: (row: T) => string): T[] {
  const byId = new Map(old.map((row) => [idOf(row), row]));
  for (const row of rows) byId.set(idOf(row), row);
  return [...byId.values()];
}
