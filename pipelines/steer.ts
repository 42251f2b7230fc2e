/**
 * Carries the policy's steps out: message to the SFU, row in the store; folds in what the SFU reported; and
 * measures, some seconds after a decision was applied, whether it helped.
 */
import { foldDecisionEvents } from '../quality/decisions.ts';
import type { CallFeatures } from '../quality/features/call.ts';
import { beforeMs, outcomeAfterMs, outcomeOf } from '../quality/outcome.ts';
import { joinPaths } from '../quality/paths.ts';
import { decide, messageOf } from '../quality/policy.ts';
import type { DecisionRow } from '../telemetry/rows.ts';
import type { CallState, DetectContext } from './detect.ts';
import { type CallKey, keyOf, readCalls } from './store/samples.ts';

/** Client samples of the last seconds are still on their way. */
const clientLateMs = 3_000;
/** A decision whose outcome could not be measured by then is never measured. */
const outcomeGivenUpMs = 300_000;

export async function steer(features: CallFeatures, state: CallState, context: DetectContext): Promise<void> {
  const { store, queues, loopMode, log, now } = context;
  const folded = foldDecisionEvents(state.decisions, state.samples.events, features.atMs);
  state.decisions = replaced(state.decisions, folded);
  const steps = loopMode === 'off' ? [] : decide(features, state.incidents, state.decisions);
  const written = new Map(folded.map((row) => [row.decision_id, row]));
  for (const step of steps) {
    const sent = { ...step.decision, sent_at: step.step === 'take' ? now() : step.decision.sent_at };
    if (loopMode === 'on' && sent.sfu_node_id !== '')
      await queues.send(sent.sfu_node_id, messageOf(step, now()));
    written.set(sent.decision_id, sent);
    if (step.step !== 'renew') {
      log.info(
        {
          callId: sent.call_id,
          participantId: sent.participant_id,
          decisionId: sent.decision_id,
          action: step.action,
          judgedAt: features.atMs,
          tookMs: now() - features.atMs,
          loopMode,
        },
        step.step === 'take' ? `decision: ${sent.reason}` : 'decision lifted: recovered',
      );
    }
  }
  await store.insert('decision', [...written.values()]);
  state.decisions = replaced(state.decisions, [...written.values()]);
}

export async function measureOutcomes(
  call: CallKey,
  decisions: readonly DecisionRow[],
  { store, now }: DetectContext,
): Promise<void> {
  const nowMs = now();
  const due = decisions.filter(
    (d) => d.outcome === '' && d.applied_at !== null && nowMs - d.applied_at >= outcomeAfterMs + clientLateMs,
  );
  for (const decision of due) {
    const appliedAt = decision.applied_at!;
    const tooLate = nowMs - appliedAt > outcomeGivenUpMs;
    const span = { fromMs: appliedAt - beforeMs - 3_000, toMs: appliedAt + outcomeAfterMs + clientLateMs };
    const samples = tooLate ? undefined : (await readCalls(store, [call], span)).get(keyOf(call));
    const { outcome, evidence } = samples
      ? outcomeOf(decision, appliedAt, joinPaths(samples))
      : { outcome: 'unknown' as const, evidence: {} };
    await store.insert('decision', [
      { ...decision, outcome, outcome_evidence: JSON.stringify(evidence), revision: decision.revision + 1 },
    ]);
  }
}

function replaced(decisions: readonly DecisionRow[], rows: readonly DecisionRow[]): DecisionRow[] {
  const byId = new Map(decisions.map((decision) => [decision.decision_id, decision]));
  for (const row of rows) byId.set(row.decision_id, row);
  return [...byId.values()];
}
