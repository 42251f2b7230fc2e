import { describe, expect, it } from 'vitest';
import type { FoundIncident } from '../../lab/row.ts';
import { judgeRun } from '../../lab/verdicts.ts';
import { found, row } from './rows.ts';

const congestion = (detectedMs: number, more: Partial<FoundIncident> = {}) =>
  found('downlink_congestion', detectedMs, more);

describe('what an incident counts as', () => {
  it.each<[string, FoundIncident[], string[]]>([
    ['the right kind at the right participant is a hit', [congestion(2_000)], ['hit']],
    ['at the very onset too', [congestion(0)], ['hit']],
    ['a second one of it is a duplicate', [congestion(2_000), congestion(9_000)], ['hit', 'duplicate']],
    ['whatever the order in the file', [congestion(9_000), congestion(2_000)], ['duplicate', 'hit']],
    ['opened before the fault it is a false alarm', [congestion(-1)], ['false_alarm']],
    [
      'and does not keep the true one from being a hit',
      [congestion(-1), congestion(3_000)],
      ['false_alarm', 'hit'],
    ],
    ['somebody else’s is a false alarm', [congestion(2_000, { seat: 1 })], ['false_alarm']],
    [
      'nobody’s is a false alarm where somebody is guilty',
      [congestion(2_000, { seat: null })],
      ['false_alarm'],
    ],
    ['another kind is a false alarm', [found('stuck_decoder', 2_000)], ['false_alarm']],
    ['within the grace after the fault it is a hit', [congestion(20_000)], ['hit']],
    ['beyond it a false alarm', [congestion(20_001)], ['false_alarm']],
    ['a listed effect is a side effect', [found('freeze', 3_000)], ['side_effect']],
    ['also late, because buffers linger', [found('freeze', 20_001)], ['side_effect']],
    ['also with the hop unknown', [found('freeze', 3_000, { hop: 'unknown' })], ['side_effect']],
    ['not with another hop', [found('freeze', 3_000, { hop: 'sfu' })], ['false_alarm']],
    ['not of another participant', [found('freeze', 3_000, { seat: 2 })], ['false_alarm']],
    ['not before the fault', [found('freeze', -5)], ['false_alarm']],
    ['the right kind with the wrong hop is still the hit', [congestion(2_000, { hop: 'uplink' })], ['hit']],
    [
      'a second one with the wrong hop is a false alarm',
      [congestion(2_000), congestion(3_000, { hop: 'uplink' })],
      ['hit', 'false_alarm'],
    ],
  ])('%s', (_name, incidents, expected) => {
    expect(judgeRun(row(incidents)).incidents).toEqual(expected);
  });

  it('takes any participant where the fault is nobody’s', () => {
    const truth = {
      expected: [{ guilty: null, hops: ['sfu' as const], kinds: ['sfu_congestion'] }],
      sideEffects: [{ kinds: ['freeze'], hops: ['sfu' as const] }],
      affected: [0, 1, 2],
    };
    const sfu = (detectedMs: number, seat: number | null) =>
      found('sfu_congestion', detectedMs, { hop: 'sfu', seat });
    const incidents = [sfu(2_000, null), sfu(2_500, 1), found('freeze', 2_500, { hop: 'sfu', seat: 2 })];
    expect(judgeRun(row(incidents, { truth })).incidents).toEqual(['hit', 'duplicate', 'side_effect']);
  });

  it('gives each of two faults its own incident', () => {
    const truth = {
      expected: [
        { guilty: 0, hops: ['downlink' as const], kinds: ['downlink_congestion'] },
        { guilty: 1, hops: ['downlink' as const], kinds: ['downlink_congestion'] },
      ],
      sideEffects: [],
      affected: [0, 1],
    };
    const judged = judgeRun(row([congestion(4_000), congestion(2_000, { seat: 1 })], { truth }));
    expect(judged.incidents).toEqual(['hit', 'hit']);
    expect(judged.findings.map(({ hit }) => hit?.detectedMs)).toEqual([4_000, 2_000]);
  });
});

describe('the cause', () => {
  const causeOf = (incidents: FoundIncident[]) => judgeRun(row(incidents)).findings[0]!.causeRight;
  it.each<[string, FoundIncident[], boolean | null]>([
    ['right participant and hop', [congestion(2_000)], true],
    ['wrong hop', [congestion(2_000, { hop: 'uplink' })], false],
    ['unknown hop names none', [congestion(2_000, { hop: 'unknown' })], false],
    ['wrong participant only', [congestion(2_000, { seat: 1 })], false],
    [
      'both blamed: the false one counts as an alarm',
      [congestion(2_000, { seat: 1 }), congestion(3_000)],
      true,
    ],
    ['an alarm before the fault says nothing about its cause', [congestion(-100, { seat: 1 })], null],
    ['only effects were told', [found('freeze', 2_000)], null],
    ['nothing was told', [], null],
  ])('%s', (_name, incidents, expected) => {
    expect(causeOf(incidents)).toBe(expected);
  });
});

it('keeps the first delay of every kind that finds the fault', () => {
  const truth = {
    expected: [{ guilty: 0, hops: ['downlink' as const], kinds: ['high_jitter', 'downlink_congestion'] }],
    sideEffects: [],
    affected: [0],
  };
  const incidents = [congestion(2_000), found('high_jitter', 3_000), found('high_jitter', 9_000)];
  const [finding] = judgeRun(row(incidents, { truth })).findings;
  expect(finding!.hit!.kind).toBe('downlink_congestion');
  expect(finding!.delayMsByKind).toEqual({ downlink_congestion: 2_000, high_jitter: 3_000 });
});
