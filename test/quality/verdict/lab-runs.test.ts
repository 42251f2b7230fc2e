/**
 * The verdict over real calls of the lab, one of each family that had been played: what the service found in them, and
 * the truth (lab-runs.jsonl, cut from the lab's results). The first finding must name the right participant, hop and time.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { callVerdict } from '../../../quality/verdict/call-verdict.ts';
import { plainText } from '../../../quality/verdict/parts.ts';
import type { Hop, IncidentRow } from '../../../telemetry/rows.ts';

interface Run {
  readonly family: string;
  readonly date: string;
  readonly endMs: number;
  readonly participants: number;
  readonly expected: readonly { guilty: number | null; hops: readonly Hop[] }[];
  readonly found: readonly {
    kind: string;
    detector: string;
    hop: Hop;
    seat: number | null;
    severity: IncidentRow['severity'];
    confidence: number;
    startedMs: number;
    detectedMs: number;
    endedMs: number | null;
    affected: readonly number[];
    evidence: string;
    sentence: string;
  }[];
}

const runs = readFileSync(new URL('lab-runs.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Run);
const names = ['Ana', 'Bruno', 'Chiara'];
const seat = (index: number | null) => (index === null ? '' : `seat-${index}`);

function verdictOf(run: Run) {
  const onset = Date.parse(run.date);
  const incidents = run.found.map(
    (found, index): IncidentRow => ({
      tenant_id: 't',
      call_id: 'c',
      incident_id: String(index),
      kind: found.kind,
      detector: found.detector,
      hop: found.hop,
      participant_id: seat(found.seat),
      subject_id: '',
      severity: found.severity,
      confidence: found.confidence,
      started_at: onset + found.startedMs,
      detected_at: onset + found.detectedMs,
      ended_at: found.endedMs === null ? null : onset + found.endedMs,
      evidence: found.evidence,
      sentence: found.sentence,
      affected: found.affected.map(seat),
      revision: 1,
    }),
  );
  return callVerdict({
    from: onset - 11_000,
    to: onset + run.endMs,
    live: false,
    names: new Map(names.map((name, index) => [seat(index), name])),
    participants: names.slice(0, run.participants).map((_, index) => seat(index)),
    joinedAt: new Map(),
    scoredMs: 60_000,
    unclassified: '',
    badWindows: [],
    incidents,
    decisions: [],
  });
}

/**
 * Where the detectors themselves are later than 5 s: a round trip rises slowly in its own average, and what is wrong
 * from the join on is not found before the join is over.
 */
const later = new Set(['downlink-delay', 'udp-blocked']);

describe.each(runs.map((run) => [run.family, run] as const))('%s', (family, run) => {
  const { findings } = verdictOf(run);
  const first = findings[0]!;
  const truth = run.expected[0]!;

  it('names the participant and the hop', () => {
    expect(first.participantId).toBe(seat(truth.guilty));
    expect(truth.hops).toContain(first.hop);
    expect(plainText([...first.what, ' ', ...first.why])).toContain(names[truth.guilty!]);
  });

  it.skipIf(later.has(family))('says when it began, within 5 s', () => {
    expect(Math.abs(first.from - Date.parse(run.date))).toBeLessThanOrEqual(5_000);
  });
});
