import { describe, expect, it } from 'vitest';
import type { Marks } from '../../../runtime/demo/marks.ts';
import type { CallRecords } from '../../../runtime/demo/records.ts';
import { buildReport } from '../../../runtime/demo/report.ts';
import { failures } from '../../../runtime/demo/verdict.ts';
import { decision, facts, incident, marks, records, scores, start } from './sample.ts';

const verdict = (change: Partial<CallRecords> = {}, markChange: Partial<Marks> = {}) =>
  failures(buildReport({ ...marks, ...markChange }, records(change), facts));

const renewed = { ...decision, decision_id: 'd-2', sent_at: start + 40_000, applied_at: start + 40_100 };

describe('the loop closed when', () => {
  it.each([
    ['all went well', {}],
    [
      'a freeze of the same participant was found as well',
      {
        incidents: [incident, { ...incident, incident_id: 'i-2', kind: 'freeze' }],
      },
    ],
    [
      'one decision was replaced by another that was lifted afterwards',
      {
        decisions: [{ ...decision, lifted_at: start + 40_100, lift_reason: 'replaced' }, renewed],
      },
    ],
    ['the decision came exactly at the limit', { decisions: [{ ...decision, applied_at: start + 31_000 }] }],
    [
      'somebody who joined by hand had trouble of his own',
      {
        incidents: [incident, { ...incident, incident_id: 'i-2', participant_id: 'p-visitor' }],
      },
    ],
  ])('%s', (_name, change) => {
    expect(verdict(change)).toEqual([]);
  });
});

describe('the loop did not close when', () => {
  it.each<[string, Partial<CallRecords>, RegExp]>([
    ['nothing was detected', { incidents: [] }, /no downlink_congestion at Bruno's downlink/],
    [
      'the kind is wrong',
      { incidents: [{ ...incident, kind: 'freeze' }] },
      /found instead: freeze at hop downlink/,
    ],
    [
      'the hop is wrong',
      { incidents: [{ ...incident, hop: 'uplink' }] },
      /instead: downlink_congestion at hop uplink/,
    ],
    [
      'somebody else is blamed',
      { incidents: [incident, { ...incident, participant_id: 'p-a' }] },
      /^Ana was blamed/,
    ],
    [
      'somebody else is capped',
      { decisions: [decision, { ...decision, participant_id: 'p-c' }] },
      /^Chiara was put under/,
    ],
    [
      'it was raised before the fault',
      { incidents: [{ ...incident, detected_at: start + 20_000 }, incident] },
      /5.0 s before the fault/,
    ],
    ['no decision was made', { decisions: [] }, /no decision was made for Bruno/],
    [
      'the decision was never applied',
      { decisions: [{ ...decision, applied_at: null, lifted_at: null }] },
      /no decision for Bruno was applied/,
    ],
    [
      'the decision came late',
      { decisions: [{ ...decision, applied_at: start + 31_001 }] },
      /6.0 s after the fault, the limit is 6.0 s/,
    ],
    [
      'the decision came before the fault',
      { decisions: [{ ...decision, applied_at: start + 24_000 }] },
      /no decision for Bruno was applied after/,
    ],
    [
      'the decision was never lifted',
      { decisions: [{ ...decision, lifted_at: null }] },
      /still in force at the end/,
    ],
    [
      'it was lifted during the fault',
      { decisions: [{ ...decision, lifted_at: start + 50_000 }] },
      /let go 5.0 s before the fault ended/,
    ],
    [
      'a stream was never scored',
      { scores: scores().filter(({ kind, receiver_id }) => kind === 'audio' || receiver_id !== 'p-c') },
      /^Chiara's video was never scored$/,
    ],
  ])('%s', (_name, change, reason) => {
    const reasons = verdict(change);
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toMatch(reason);
  });

  it.each([
    [{ faultOnMs: null, faultOffMs: null }, /never switched on/],
    [{ faultOffMs: null }, /never switched off/],
  ])('the fault did not take place: %j', (change, reason) => {
    expect(verdict({}, change).join('\n')).toMatch(reason);
  });

  it('tells every reason at once', () => {
    expect(verdict({ incidents: [], decisions: [], scores: [] })).toHaveLength(8);
  });
});
