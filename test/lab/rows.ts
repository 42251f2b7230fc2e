/** Hand-made results for the tests of scoring. */
import type { FoundIncident, RunRow } from '../../lab/row.ts';

export function found(kind: string, detectedMs: number, more: Partial<FoundIncident> = {}): FoundIncident {
  return {
    kind,
    detector: `${kind}@1`,
    hop: 'downlink',
    seat: 0,
    severity: 'moderate',
    confidence: 0.8,
    startedMs: detectedMs - 500,
    detectedMs,
    endedMs: null,
    affected: [],
    evidence: '{}',
    sentence: '',
    ...more,
  };
}

/** Seat 0's downlink is bad for 15 s, after a lead-in of 10 s; the call goes on for 5 s more. */
export function row(incidents: FoundIncident[], more: Partial<RunRow> = {}): RunRow {
  return {
    family: 'downlink-loss',
    severity: 'moderate',
    seed: 1,
    loop: 'shadow',
    date: '2026-01-01T00:00:00.000Z',
    callIds: ['c'],
    participants: 3,
    seats: [['a'], ['b'], ['c']],
    readyMs: -10_000,
    faultEndMs: 15_000,
    endMs: 20_000,
    truth: {
      expected: [{ guilty: 0, hops: ['downlink'], kinds: ['downlink_congestion'] }],
      sideEffects: [{ kinds: ['freeze', 'audio_concealment'], seats: [0], hops: ['downlink'] }],
      affected: [0],
    },
    found: incidents,
    decisions: [],
    mos: { before: { audio: 4, video: 4 }, during: { audio: 2, video: 2 } },
    load: { before: 0.5, during: 0.5 },
    versions: { node: 'v24' },
    dropped: [],
    ...more,
  };
}

export const cleanRow = (incidents: FoundIncident[], more: Partial<RunRow> = {}): RunRow =>
  row(incidents, {
    family: 'clean',
    severity: 'mild',
    truth: { expected: [], sideEffects: [], affected: [] },
    ...more,
  });
