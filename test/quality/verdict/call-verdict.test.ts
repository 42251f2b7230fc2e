import { describe, expect, it } from 'vitest';
import { callVerdict, type VerdictInput } from '../../../quality/verdict/call-verdict.ts';
import { at, list, plainText, text } from '../../../quality/verdict/parts.ts';
import type { BadWindow } from '../../../quality/verdict/symptoms.ts';
import type { DecisionRow, IncidentRow } from '../../../telemetry/rows.ts';

const start = Date.UTC(2026, 10, 25, 10, 0, 0);
const second = (s: number) => start + s * 1000;

const incident = (change: Partial<IncidentRow> = {}): IncidentRow => ({
  tenant_id: 't',
  call_id: 'c',
  incident_id: 'i1',
  kind: 'downlink_congestion',
  detector: 'downlink_congestion@5',
  hop: 'downlink',
  participant_id: 'ana',
  subject_id: 'tr',
  severity: 'severe',
  confidence: 0.9,
  started_at: second(130),
  detected_at: second(132),
  ended_at: second(175),
  evidence: '{"lossRatio":0.09}',
  sentence: "Ana's own downlink lost 9 % of packets from 10:02:10 to 10:02:55; others in the call were fine.",
  affected: ['ana'],
  revision: 1,
  ...change,
});

const decision = (change: Partial<DecisionRow> = {}): DecisionRow => ({
  tenant_id: 't',
  call_id: 'c',
  decision_id: 'd1',
  incident_id: 'i1',
  kind: 'cap_layers',
  participant_id: 'ana',
  sfu_node_id: 's',
  params: '{"spatialLayer":0}',
  reason: '',
  evidence: '{}',
  confidence: 0.9,
  ttl_ms: 10_000,
  decided_at: second(133),
  sent_at: second(133),
  applied_at: second(134),
  lifted_at: second(180),
  lift_reason: 'recovered',
  outcome: 'better',
  outcome_evidence: '{}',
  revision: 1,
  ...change,
});

const bad = (from: number, change: Partial<BadWindow> = {}): BadWindow => ({
  start: second(from),
  windowMs: 5_000,
  receiverId: 'ana',
  senderId: 'ben',
  kind: 'audio',
  mos: 2,
  concealedRatio: 0.12,
  frozenMs: null,
  framesPerSecond: null,
  frameHeight: null,
  delayMs: 120,
  ...change,
});

const call = (change: Partial<VerdictInput> = {}): VerdictInput => ({
  from: start,
  to: second(600),
  live: false,
  names: new Map([
    ['ana', 'Ana'],
    ['ben', 'Ben'],
    ['cleo', 'Cleo'],
  ]),
  participants: ['ana', 'ben', 'cleo'],
  joinedAt: new Map(),
  scoredMs: 3_600_000,
  unclassified: '',
  badWindows: [],
  incidents: [],
  decisions: [],
  ...change,
});

const said = (input: VerdictInput) => {
  const { findings, headline, others } = callVerdict(input);
  const first = findings[0];
  return first
    ? [first.what, first.why, first.did, others]
        .map((part) => plainText(part))
        .filter(Boolean)
        .join(' ')
    : plainText(headline);
};

describe('a bad call', () => {
  it('is told in one breath: who, what, when, why, how others did, what was done and whether it helped', () => {
    const windows = [130, 135, 140].map((s) => bad(s));
    expect(said(call({ incidents: [incident()], badWindows: windows, decisions: [decision()] }))).toBe(
      'Ana heard Ben break up from 10:02:10 to 10:02:55. ' +
        "Ana's own downlink lost 9 % of packets; others in the call were fine. " +
        'We lowered the video sent to Ana to the lowest layer at 10:02:14 and it got better. ' +
        'It was lifted at 10:03:00 when the line had recovered. Ben and Cleo were fine.',
    );
  });

  it.each<[string, Partial<BadWindow>[], RegExp]>([
    [
      'sound and picture of the same people',
      [{}, { kind: 'video', frozenMs: 4_000 }],
      /^Ana heard Ben break up and saw them freeze /,
    ],
    ['sound that comes late', [{ concealedRatio: 0, delayMs: 520 }], /^Ana heard Ben 520 ms late /],
    ['pictures that are coarse', [{ kind: 'video', frozenMs: 0 }], /^Ana saw Ben in poor quality /],
    ['everybody', [{}, { senderId: 'cleo' }], /^Ana heard Ben and Cleo break up /],
  ])('names %s', (_what, windows, expected) => {
    expect(said(call({ incidents: [incident()], badWindows: windows.map((w) => bad(140, w)) }))).toMatch(
      expected,
    );
  });

  it('says of people who hear and see each other badly that they did so one another', () => {
    const both = { kind: 'ice_loss', hop: 'far_network', sentence: 'Ana had no network path.' } as const;
    const windows = [
      bad(140),
      bad(140, { receiverId: 'ben', senderId: 'ana' }),
      bad(140, { kind: 'video', frozenMs: 4_000 }),
      bad(140, { kind: 'video', frozenMs: 4_000, receiverId: 'ben', senderId: 'ana' }),
    ];
    expect(said(call({ incidents: [incident(both)], badWindows: windows }))).toMatch(
      /^Ana and Ben heard one another break up and saw one another freeze from /,
    );
  });

  it('of two causes that weigh the same tells the one that lasted, since it tells the time of both', () => {
    const short = incident({
      incident_id: 'i2',
      kind: 'uplink_congestion',
      hop: 'uplink',
      severity: 'minor',
      sentence: "Ana's uplink carried too little, so Ben received Ana badly.",
      started_at: second(128),
      ended_at: second(131),
    });
    const long = incident({
      incident_id: 'i3',
      kind: 'sender_cpu_limited',
      hop: 'sender_device',
      severity: 'minor',
      sentence: "Ana's device was too busy to send Ana's picture and sound in time.",
      started_at: second(132),
    });
    expect(said(call({ incidents: [short, long] }))).toContain("Ana's device was too busy");
  });

  it('of a bad uplink tells what the receivers suffered', () => {
    const uplink = incident({
      kind: 'uplink_congestion',
      hop: 'uplink',
      participant_id: 'ben',
      affected: ['ana', 'cleo'],
    });
    const windows = [bad(140), bad(140, { receiverId: 'cleo' })];
    expect(said(call({ incidents: [uplink], badWindows: windows }))).toMatch(
      /^Ana and Cleo heard Ben break up /,
    );
  });

  it('goes on, as long as its incident is open', () => {
    expect(said(call({ live: true, incidents: [incident({ ended_at: null })] }))).toMatch(/ since 10:02:10/);
  });

  it('says that a decision was not carried out', () => {
    const shadow = decision({ applied_at: null, lifted_at: null, lift_reason: '' });
    expect(said(call({ incidents: [incident()], decisions: [shadow] }))).toContain(
      'We decided to lower the video sent to Ana to the lowest layer at 10:02:13, but it was not carried out.',
    );
  });

  it('tells incidents of one line at one time as one, by the cause and not by its effect', () => {
    const freeze = incident({
      incident_id: 'i2',
      kind: 'freeze',
      sentence: "Ben's video stood still for Ana.",
    });
    const { findings } = callVerdict(call({ incidents: [freeze, incident()] }));
    expect(findings).toHaveLength(1);
    expect(findings[0]!.incidentIds).toEqual(['i1', 'i2']);
    expect(plainText(findings[0]!.why)).toContain('downlink lost 9 %');
  });

  it('tells the worst first, and two faults as two', () => {
    const small = incident({
      incident_id: 'i0',
      participant_id: 'cleo',
      affected: ['cleo'],
      severity: 'minor',
    });
    const { findings, level } = callVerdict(call({ incidents: [small, incident()] }));
    expect(findings.map((f) => f.participantId)).toEqual(['ana', 'cleo']);
    expect(level).toBe('severe');
  });

  it('without a found cause says so, and is uncertain', () => {
    const windows = [100, 105, 110].map((s) => bad(s));
    const { findings } = callVerdict(call({ badWindows: windows }));
    expect(findings[0]).toMatchObject({ certainty: 'low', hop: 'unknown', participantId: 'ana' });
    expect(plainText(findings[0]!.why)).toMatch(/No detector found a cause/);
  });
});

describe('a call in which nothing was wrong', () => {
  it('says so plainly', () => {
    expect(said(call())).toBe(
      'This call was fine: nobody heard or saw anything badly, and no issue was found (3 people, 10 min).',
    );
  });
  it('is not disturbed by one bad window', () => {
    expect(callVerdict(call({ badWindows: [bad(100)] })).level).toBe('fine');
  });
  it('nor by how it began for somebody', () => {
    const badWindows = [100, 105].map((s) => bad(s));
    const joinedAt = new Map([['ben', second(102)]]);
    expect(callVerdict(call({ badWindows, joinedAt })).level).toBe('fine');
    expect(callVerdict(call({ badWindows, joinedAt: new Map([['cleo', second(102)]]) })).level).toBe('minor');
  });
});

it('a call of which nothing was measured is not called fine', () => {
  const { level, headline } = callVerdict(call({ scoredMs: 0, unclassified: 'too little data' }));
  expect(level).toBe('unknown');
  expect(plainText(headline)).toBe('Nothing can be said of how this call was: too little data.');
});

describe('text', () => {
  it('keeps moments and people until it is read', () => {
    const parts = text`${{ who: 'a', name: 'Ana' }} left at ${at(start)}.`;
    expect(parts).toEqual([{ who: 'a', name: 'Ana' }, ' left at ', { at: start }, '.']);
    expect(plainText(parts, 'Asia/Tokyo')).toBe('Ana left at 19:00:00.');
  });
  it.each([
    [['a'], 'a'],
    [['a', 'b'], 'a and b'],
    [['a', 'b', 'c'], 'a, b and c'],
    [['a', 'b', 'c', 'd', 'e'], 'a, b, c and 2 others'],
  ])('lists %j', (items, expected) => {
    expect(plainText(list(items))).toBe(expected);
  });
});
