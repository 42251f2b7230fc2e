/**
 * Holds what was found in one run against what was true. Every incident gets exactly one verdict, every expected
 * finding is found or missed. docs/decisions/truth.md has the reasons; the order of the rules is the order here:
 *
 * 1. opened before the fault: a false alarm, whatever it says;
 * 2. of a kind that finds the fault, at the participant whose fault it is, in time: the first is the hit, further ones
 *    that name the right hop are duplicates;
 * 3. true beside the fault, as the family lists it: a side effect;
 * 4. all others: false alarms.
 */
import type { ExpectedFinding, FoundIncident, RunRow } from './row.ts';

export const verdicts = ['hit', 'duplicate', 'side_effect', 'false_alarm'] as const;
export type IncidentVerdict = (typeof verdicts)[number];

/** A fault may be told this long after its end: incidents are looked for every 2 s, on windows of some seconds. */
export const graceMs = 5_000;

export interface JudgedFinding {
  readonly expected: ExpectedFinding;
  /** The incident that found it; null when it was missed. */
  readonly hit: FoundIncident | null;
  /** From the onset to the first incident of a kind, for the kinds that found it. */
  readonly delayMsByKind: Readonly<Record<string, number>>;
  /** Whether the hit names a right hop; false also when only others were blamed; null when nothing of a right kind was said. */
  readonly causeRight: boolean | null;
}

export interface JudgedRun {
  readonly row: RunRow;
  /** Of each incident in `row.found`, in its order. */
  readonly incidents: readonly IncidentVerdict[];
  readonly findings: readonly JudgedFinding[];
}

export function judgeRun(row: RunRow): JudgedRun {
  const verdictOf = new Map<FoundIncident, IncidentVerdict>();
  const inOrder = [...row.found].sort((a, b) => a.detectedMs - b.detectedMs);
  for (const incident of inOrder) if (incident.detectedMs < 0) verdictOf.set(incident, 'false_alarm');
  const inTime = (incident: FoundIncident) =>
    incident.detectedMs >= 0 && incident.detectedMs <= row.faultEndMs + graceMs;

  const matches = row.truth.expected.map((expected) => {
    const own = inOrder.filter(
      (incident) => inTime(incident) && !verdictOf.has(incident) && finds(incident, expected),
    );
    const [hit = null, ...further] = own;
    if (hit) verdictOf.set(hit, 'hit');
    for (const incident of further) {
      if (expected.hops.includes(incident.hop)) verdictOf.set(incident, 'duplicate');
    }
    return { expected, hit, own };
  });

  for (const incident of inOrder) {
    if (verdictOf.has(incident)) continue;
    verdictOf.set(incident, isSideEffect(incident, row) ? 'side_effect' : 'false_alarm');
  }

  const findings = matches.map(({ expected, hit, own }): JudgedFinding => {
    const delayMsByKind: Record<string, number> = {};
    for (const { kind, detectedMs } of own) delayMsByKind[kind] ??= detectedMs;
    const blamedOthers = inOrder.some(
      (incident) =>
        inTime(incident) &&
        verdictOf.get(incident) === 'false_alarm' &&
        expected.kinds.includes(incident.kind),
    );
    const causeRight = hit ? expected.hops.includes(hit.hop) : blamedOthers ? false : null;
    return { expected, hit, delayMsByKind, causeRight };
  });
  return { row, incidents: row.found.map((incident) => verdictOf.get(incident)!), findings };
}

const finds = (incident: FoundIncident, { kinds, guilty }: ExpectedFinding): boolean =>
  kinds.includes(incident.kind) && (guilty === null || incident.seat === guilty);

/** Whoever does not know the hop has not named a wrong one. */
const isSideEffect = (incident: FoundIncident, { truth }: RunRow): boolean =>
  truth.sideEffects.some(
    ({ kinds, seats, hops }) =>
      kinds.includes(incident.kind) &&
      (incident.hop === 'unknown' || hops.includes(incident.hop)) &&
      (seats === undefined || (incident.seat !== null && seats.includes(incident.seat))),
  );
