import { describe, expect, it } from 'vitest';
import { judgeWords, type Told } from '../../../lab/words/judge.ts';
import { wordsReport } from '../../../lab/words/report.ts';
import { callVerdict } from '../../../quality/verdict/call-verdict.ts';
import type { IncidentRow } from '../../../telemetry/rows.ts';
import { cleanRow, row } from '../rows.ts';

const onset = Date.parse('2026-01-01T00:00:00.000Z');
const people = new Map([
  ['a', 'Ana'],
  ['b', 'Ben'],
  ['c', 'Cem'],
]);

const incident = (more: Partial<IncidentRow> = {}): IncidentRow => ({
  tenant_id: 'default',
  call_id: 'c',
  incident_id: 'i',
  kind: 'downlink_congestion',
  detector: 'downlink_congestion@5',
  hop: 'downlink',
  participant_id: 'a',
  subject_id: 't',
  severity: 'severe',
  confidence: 0.9,
  started_at: onset + 1_000,
  detected_at: onset + 2_000,
  ended_at: onset + 16_000,
  evidence: '{}',
  sentence:
    "Ana's own downlink lost 20 % of packets from 00:00:01 to 00:00:16; others in the call were fine.",
  affected: ['a'],
  revision: 1,
  ...more,
});

const told = (incidents: IncidentRow[], scoredMs = 100_000): Told[] => [
  {
    names: people,
    verdict: callVerdict({
      from: onset - 10_000,
      to: onset + 20_000,
      live: false,
      names: people,
      participants: [...people.keys()],
      joinedAt: new Map(),
      scoredMs,
      unclassified: '',
      badWindows: [],
      incidents,
      decisions: [],
    }),
  },
];

describe('the words of a verdict against the truth', () => {
  it.each([
    ['all of it', {}, { participant: true, hop: true, time: true }],
    [
      'another participant',
      {
        participant_id: 'b',
        sentence: "Ben's own downlink lost 20 % of packets; others in the call were fine.",
      },
      { participant: false, hop: true, time: true },
    ],
    [
      'the other direction',
      { hop: 'uplink', sentence: "Ana's uplink lost 20 % of packets, so Ben received Ana badly." },
      { participant: true, hop: false, time: true },
    ],
    ['six seconds late', { started_at: onset + 6_000 }, { participant: true, hop: true, time: false }],
  ] as const)('%s', (_, more, expected) => {
    const judged = judgeWords(row([]), told([incident(more)]));
    expect(judged.findings).toMatchObject([expected]);
  });

  it('of two findings takes the one that is nearest to the truth', () => {
    const other = incident({
      incident_id: 'j',
      participant_id: 'b',
      sentence: "Ben's own downlink lost 9 % of packets; others in the call were fine.",
    });
    const judged = judgeWords(row([]), told([other, incident()]));
    expect(judged.findings[0]).toMatchObject({ participant: true, hop: true, time: true });
  });

  it('nothing said is nothing right', () => {
    const judged = judgeWords(row([]), told([]));
    expect(judged.findings).toMatchObject([{ participant: false, hop: false, time: false, said: '' }]);
    expect(wordsReport([judged])).toMatchObject({
      result: { calls: 1, right: 0, cleanPlain: null },
      wrong: [{ missing: 'participant, hop, time' }],
    });
  });
});

describe('clean calls', () => {
  it('are told right when they are called fine', () => {
    expect(judgeWords(cleanRow([]), told([])).plain).toBe(true);
  });
  it.each([
    ['something is found', told([incident()])],
    ['nothing can be said', told([], 0)],
    ['there is no call', []],
  ])('are not when %s', (_, said) => {
    const judged = judgeWords(cleanRow([]), said);
    expect(judged.plain).toBe(false);
    expect(wordsReport([judged]).result.cleanPlain).toBe(0);
  });
});
