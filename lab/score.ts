/** From the rows of many runs to how often we are right. Pure: the same rows give the same figures. */
import type { RunRow } from './row.ts';
import { type IncidentVerdict, type JudgedFinding, type JudgedRun, judgeRun } from './verdicts.ts';

/** A share with what it is made of; null where there was nothing to share. */
export interface Share {
  readonly value: number | null;
  readonly of: number;
}

export interface Delay {
  readonly medianMs: number | null;
  readonly p95Ms: number | null;
}

export interface FamilyScore {
  runs: number;
  /** Findings that were due, and those that came. */
  expected: number;
  found: number;
  falseAlarms: number;
  precision: number | null;
  recall: number | null;
  causeAccuracy: number | null;
  detectMedianMs: number | null;
  detectP95Ms: number | null;
}

export interface DetectorScore {
  hits: number;
  duplicates: number;
  sideEffects: number;
  falseAlarms: number;
  precision: Share;
  /** Of the findings it is made for: listed first. */
  recall: Share;
  delay: Delay;
}

export interface Confusion {
  /** Kind, and how often it was said, by verdict. */
  said: Record<string, Record<IncidentVerdict, number>>;
  missed: number;
}

export interface Scores {
  /** Moderate and severe faults, and all clean calls. */
  result: {
    precision: number | null;
    recall: number | null;
    causeAccuracy: number | null;
    detectMedianMs: number | null;
    detectP95Ms: number | null;
    falseAlarmsPerCleanHour: number | null;
    runs: number;
    byFamily: Record<string, FamilyScore>;
  };
  counts: {
    expected: number;
    found: number;
    falseAlarms: number;
    duplicates: number;
    sideEffects: number;
    cleanParticipantHours: number;
    falseAlarmsInCleanTime: number;
  };
  /** Mild faults, which do not count above. */
  mild: Record<string, FamilyScore>;
  byDetector: Record<string, DetectorScore>;
  /** All severities. */
  confusion: Record<string, Confusion>;
}

const counts = ({ family, severity }: RunRow): boolean => family === 'clean' || severity !== 'mild';

export function score(rows: readonly RunRow[]): Scores {
  const judged = rows.map(judgeRun);
  const counting = judged.filter(({ row }) => counts(row));
  const all = familyScore(counting);
  const clean = cleanTime(judged);
  const { precision, recall, causeAccuracy, detectMedianMs, detectP95Ms } = all;
  return {
    result: {
      precision,
      recall,
      causeAccuracy,
      detectMedianMs,
      detectP95Ms,
      falseAlarmsPerCleanHour: ratio(clean.falseAlarms, clean.participantHours),
      runs: counting.length,
      byFamily: byFamily(counting),
    },
    counts: {
      expected: all.expected,
      found: all.found,
      falseAlarms: all.falseAlarms,
      duplicates: tally(counting, 'duplicate'),
      sideEffects: tally(counting, 'side_effect'),
      cleanParticipantHours: round(clean.participantHours, 4),
      falseAlarmsInCleanTime: clean.falseAlarms,
    },
    mild: byFamily(judged.filter(({ row }) => !counts(row))),
    byDetector: byDetector(counting),
    confusion: confusionOf(judged),
  };
}

function familyScore(runs: readonly JudgedRun[]): FamilyScore {
  const findings = runs.flatMap((run) => run.findings);
  const hits = findings.flatMap(({ hit }) => (hit ? [hit] : []));
  const falseAlarms = tally(runs, 'false_alarm');
  const named = findings.filter(({ causeRight }) => causeRight !== null);
  const { medianMs, p95Ms } = delayOf(hits.map(({ detectedMs }) => detectedMs));
  return {
    runs: runs.length,
    expected: findings.length,
    found: hits.length,
    falseAlarms,
    precision: ratio(hits.length, hits.length + falseAlarms),
    recall: ratio(hits.length, findings.length),
    causeAccuracy: ratio(named.filter(({ causeRight }) => causeRight).length, named.length),
    detectMedianMs: medianMs,
    detectP95Ms: p95Ms,
  };
}

function byFamily(runs: readonly JudgedRun[]): Record<string, FamilyScore> {
  const groups = Map.groupBy(runs, ({ row }) => row.family);
  return Object.fromEntries([...groups].map(([family, group]) => [family, familyScore(group)]));
}

function byDetector(runs: readonly JudgedRun[]): Record<string, DetectorScore> {
  const findings = runs.flatMap((run) => run.findings);
  const kinds = new Set([
    ...findings.map(({ expected }) => expected.kinds[0]!),
    ...runs.flatMap(({ row }) => row.found.map(({ kind }) => kind)),
  ]);
  return Object.fromEntries([...kinds].sort().map((kind) => [kind, detectorScore(kind, runs, findings)]));
}

function detectorScore(
  kind: string,
  runs: readonly JudgedRun[],
  findings: readonly JudgedFinding[],
): DetectorScore {
  const said = saidOf(runs, kind);
  const own = findings.filter(({ expected }) => expected.kinds[0] === kind);
  const delays = own.flatMap(({ delayMsByKind }) => delayMsByKind[kind] ?? []);
  const right = said.hit + said.duplicate;
  return {
    hits: said.hit,
    duplicates: said.duplicate,
    sideEffects: said.side_effect,
    falseAlarms: said.false_alarm,
    // Beside another kind that was first, its own word is as right.
    precision: { value: ratio(right, right + said.false_alarm), of: right + said.false_alarm },
    recall: { value: ratio(delays.length, own.length), of: own.length },
    delay: delayOf(delays),
  };
}

function saidOf(runs: readonly JudgedRun[], kind: string): Record<IncidentVerdict, number> {
  const said = { hit: 0, duplicate: 0, side_effect: 0, false_alarm: 0 };
  for (const { row, incidents } of runs) {
    row.found.forEach((incident, i) => {
      if (incident.kind === kind) said[incidents[i]!]++;
    });
  }
  return said;
}

function confusionOf(runs: readonly JudgedRun[]): Record<string, Confusion> {
  const groups = Map.groupBy(runs, ({ row }) => row.family);
  return Object.fromEntries(
    [...groups].map(([family, group]) => {
      const kinds = [...new Set(group.flatMap(({ row }) => row.found.map(({ kind }) => kind)))].sort();
      return [
        family,
        {
          said: Object.fromEntries(kinds.map((kind) => [kind, saidOf(group, kind)])),
          missed: group.flatMap(({ findings }) => findings).filter(({ hit }) => !hit).length,
        },
      ];
    }),
  );
}

/** Time in which nothing was wrong with anybody: clean calls, and the lead-ins of all others. */
function cleanTime(runs: readonly JudgedRun[]): { participantHours: number; falseAlarms: number } {
  let [participantMs, falseAlarms] = [0, 0];
  for (const { row, incidents } of runs) {
    const untilMs = row.family === 'clean' ? row.endMs : 0;
    participantMs += row.participants * (untilMs - row.readyMs);
    falseAlarms += row.found.filter(
      ({ detectedMs }, i) => incidents[i] === 'false_alarm' && (row.family === 'clean' || detectedMs < 0),
    ).length;
  }
  return { participantHours: participantMs / 3_600_000, falseAlarms };
}

const tally = (runs: readonly JudgedRun[], verdict: IncidentVerdict): number =>
  runs.reduce((sum, { incidents }) => sum + incidents.filter((one) => one === verdict).length, 0);

const ratio = (part: number, whole: number): number | null => (whole > 0 ? round(part / whole, 4) : null);
export const round = (value: number, digits: number) => Math.round(value * 10 ** digits) / 10 ** digits;

/** Nearest rank: a delay that was measured, not one between two. */
export function delayOf(delaysMs: readonly number[]): Delay {
  const sorted = [...delaysMs].sort((a, b) => a - b);
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
  return { medianMs: rank(0.5), p95Ms: rank(0.95) };
}
