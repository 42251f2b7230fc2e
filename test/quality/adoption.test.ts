import { describe, expect, it } from 'vitest';
import { adopt } from '../../quality/adoption.ts';
import type { EventSample } from '../../quality/samples.ts';
import { events } from '../../telemetry/events.ts';
import { takenAttributes } from '../../telemetry/reflex.ts';
import type { DecisionRow, IncidentRow } from '../../telemetry/rows.ts';

const incident = (over: Partial<IncidentRow> = {}): IncidentRow => ({
  tenant_id: 't',
  call_id: 'c',
  incident_id: 'i-sfu',
  kind: 'downlink_congestion',
  detector: 'downlink_congestion@5',
  hop: 'downlink',
  participant_id: 'ben',
  subject_id: 'transport',
  severity: 'severe',
  confidence: 0.9,
  started_at: 10_000,
  detected_at: 11_300,
  ended_at: null,
  evidence: '{}',
  sentence: 'Ben’s own downlink lost 30 % of packets.',
  affected: ['ben'],
  revision: 1,
  ...over,
});

const decision = (over: Partial<DecisionRow> = {}): DecisionRow => ({
  tenant_id: 't',
  call_id: 'c',
  decision_id: 'd-sfu',
  incident_id: 'i-sfu',
  kind: 'cap_layers',
  participant_id: 'ben',
  sfu_node_id: 'sfu-1',
  params: '{}',
  reason: 'so',
  evidence: '{}',
  confidence: 0.9,
  ttl_ms: 15_000,
  decided_at: 11_300,
  sent_at: 11_300,
  applied_at: null,
  lifted_at: null,
  lift_reason: '',
  outcome: '',
  outcome_evidence: '',
  revision: 1,
  ...over,
});

const event = (attributes: Record<string, string>, over: Partial<EventSample> = {}): EventSample => ({
  tenant_id: 't',
  call_id: 'c',
  participant_id: 'ben',
  transport_id: '',
  producer_id: '',
  consumer_id: '',
  name: events.decisionTaken,
  time: 11_300,
  attributes,
  ...over,
});

const taken = takenAttributes({ incident: incident(), decision: decision() });

describe('what an SFU decided by itself', () => {
  it('becomes an incident and a decision', () => {
    expect(adopt([event(taken)], [], [], 0)).toEqual({ incidents: [incident()], decisions: [decision()] });
  });

  it('is taken up once', () => {
    expect(adopt([event(taken), event(taken)], [], [], 0).decisions).toHaveLength(1);
    expect(adopt([event(taken)], [incident()], [decision()], 0)).toEqual({ incidents: [], decisions: [] });
  });

  it('belongs to the incident that we found ourselves, which was then found when the first of both found it', () => {
    const ours = incident({ incident_id: 'i-ours', started_at: 10_500, detected_at: 13_000, revision: 2 });
    expect(adopt([event(taken)], [ours], [], 0)).toEqual({
      incidents: [{ ...ours, started_at: 10_000, detected_at: 11_300, revision: 3 }],
      decisions: [decision({ incident_id: 'i-ours' })],
    });
    const earlier = { ...ours, detected_at: 11_000 };
    expect(adopt([event(taken)], [earlier], [], 0).incidents).toEqual([]);
  });

  it('is a new incident where ours of the same kind is over', () => {
    const over = incident({ incident_id: 'i-ours', ended_at: 9_000 });
    expect(adopt([event(taken)], [over], [], 0).incidents).toEqual([incident()]);
  });

  it('is left alone when it is old, broken, or of another call than its record', () => {
    const nothing = { incidents: [], decisions: [] };
    expect(adopt([event(taken)], [], [], 20_000)).toEqual(nothing);
    expect(adopt([event({ ...taken, incident: '{"kind":' })], [], [], 0)).toEqual(nothing);
    expect(adopt([event({})], [], [], 0)).toEqual(nothing);
    expect(adopt([event(taken, { call_id: 'other' })], [], [], 0)).toEqual(nothing);
    expect(adopt([event(taken, { tenant_id: 'other' })], [], [], 0)).toEqual(nothing);
    expect(adopt([event(taken, { name: events.decisionApplied })], [], [], 0)).toEqual(nothing);
    const strange = takenAttributes({ incident: incident(), decision: decision({ incident_id: 'i-3' }) });
    expect(adopt([event(strange)], [], [], 0)).toEqual(nothing);
  });

  it('puts it to the cause that is known here, which the SFU could not see', () => {
    const busy = incident({
      incident_id: 'i-busy',
      kind: 'sender_cpu_limited',
      hop: 'sender_device',
      subject_id: 'camera',
      detected_at: 9_000,
    });
    const rows = adopt([event(taken)], [busy], [], 0);
    expect(rows.incidents).toEqual([]);
    expect(rows.decisions).toMatchObject([{ decision_id: 'd-sfu', incident_id: 'i-busy' }]);
  });

  it('is an incident of its own where the known cause is another’s', () => {
    const busy = incident({ incident_id: 'i-busy', kind: 'sender_cpu_limited', participant_id: 'ann' });
    const rows = adopt([event(taken)], [busy], [], 0);
    expect(rows.incidents).toMatchObject([{ incident_id: 'i-sfu' }]);
  });
});
