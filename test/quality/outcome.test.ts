import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../quality/outcome.ts';
import { joinPaths } from '../../quality/paths.ts';
import type { DecisionRow } from '../../telemetry/rows.ts';
import { type Conditions, callId, startMs, syntheticCall, tenantId } from './support/synthetic-call.ts';

const appliedSecond = 20;
const decision = (kind: DecisionRow['kind']): DecisionRow => ({
  tenant_id: tenantId,
  call_id: callId,
  decision_id: 'd',
  incident_id: 'i',
  kind,
  participant_id: 'ben',
  sfu_node_id: 'sfu-1',
  params: '{}',
  reason: '',
  evidence: '{}',
  confidence: 1,
  ttl_ms: 15_000,
  decided_at: 0,
  sent_at: 0,
  applied_at: startMs + appliedSecond * 1000,
  lifted_at: null,
  lift_reason: '',
  outcome: '',
  outcome_evidence: '',
  revision: 1,
});

const outcome = (before: Conditions, after: Conditions, kind: DecisionRow['kind'] = 'cap_layers') => {
  const call = syntheticCall(['ann', 'ben'], 40, (id, s) =>
    id === 'ben' ? (s < appliedSecond ? before : after) : {},
  );
  return outcomeOf(decision(kind), startMs + appliedSecond * 1000, joinPaths(call));
};

describe('outcomeOf', () => {
  const torn: Conditions = { downLoss: 0.4, concealed: 0.5, layer: 0 };
  const calm: Conditions = { downLoss: 0.05, concealed: 0.02, layer: 0 };
  const cases: [name: string, before: Conditions, after: Conditions, expected: string][] = [
    ['torn audio became clear', torn, calm, 'better'],
    ['all stayed as it was', calm, calm, 'same'],
    ['audio is torn as never before', calm, torn, 'worse'],
    ['the client told nothing afterwards', torn, { clientSilent: true }, 'unknown'],
    ['the client told nothing at all', { clientSilent: true }, { clientSilent: true }, 'unknown'],
  ];
  it.each(cases)('when %s', (_, before, after, expected) => {
    expect(outcome(before, after).outcome).toBe(expected);
  });

  it('shows the figures on both sides', () => {
    expect(outcome(torn, calm).evidence).toMatchObject({
      concealedRatioBefore: expect.any(Number),
      concealedRatioAfter: 0.02,
      audioMosBefore: expect.any(Number),
      audioMosAfter: expect.any(Number),
    });
  });

  it('finds a raise better that brought more of the picture', () => {
    expect(outcome({ layer: 0 }, { layer: 2 }, 'raise_estimate').outcome).toBe('better');
    expect(outcome({ layer: 0 }, { layer: 0 }, 'raise_estimate').outcome).toBe('same');
    expect(outcome({ layer: 0 }, torn, 'raise_estimate').outcome).toBe('worse');
  });

  it('takes no offence at video that audio-only took away', () => {
    expect(outcome(calm, { ...calm, videoPaused: true }, 'audio_only').outcome).toBe('same');
  });
});
