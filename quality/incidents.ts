/**
 * From verdicts at one moment to incidents that open once and close once.
 *
 * State is the incident rows themselves, read back from the store: whatever restarts, the same rows and the
 * same samples give the same incidents. Ids are made of call, kind, subject and the second it started; a
 * moment that is judged again (after a restart) finds the incident it already opened and leaves it be.
 */
import { createHash } from 'node:crypto';
import type { IncidentRow } from '../telemetry/rows.ts';
import { explainedBy, type Names, sentenceOf } from './causes.ts';
import type { Detector, Verdict } from './detectors/detector.ts';
import { detectors } from './detectors/list.ts';
import type { CallFeatures } from './features/call.ts';

/** A trouble found again within this of a known one's start is that one, seen with more data. */
const sameStartMs = 10_000;
/** How often a standing incident's row may be renewed when its measures got worse, ms. */
const renewMs = 5_000;

/** An incident stands at least this long: what comes and goes at once would flicker. */
const leastOpenMs = 3_000;

/**
 * An incident that ended so long ago has been closed since: detectors ask for 5 s of calm, in samples up to 2 s old. What is bad
 * after that is a relapse, however long its signs say that it has lasted: one that is a mean may have stayed up meanwhile.
 */
const closedAfterMs = 7_000;

const severityRank = { minor: 0, moderate: 1, severe: 2 } as const;

interface Found extends Verdict {
  readonly kind: string;
  readonly by: Detector;
}

const keyOf = (i: { kind: string; participant_id: string; subject_id: string }): string =>
  `${i.kind} ${i.participant_id} ${i.subject_id}`;

/**
 * @param known the call's incidents that are open or ended within the last two minutes
 * @param asked which detectors judge; incidents of others are left as they are. @default all
 * @returns the rows that changed, each with its revision raised; `known` with these is the new state
 */
export function followIncidents(
  features: CallFeatures,
  known: readonly IncidentRow[],
  names: Names,
  asked: readonly Detector[] = detectors,
): IncidentRow[] {
  const changed: IncidentRow[] = [];
  const seen = new Set<string>();
  const knownOf = Map.groupBy(known, keyOf);
  const kindsKnown = new Set(known.map((incident) => incident.kind));
  for (const verdict of judgeAll(features, asked, kindsKnown)) {
    const key = keyOf({
      kind: verdict.kind,
      participant_id: verdict.participantId,
      subject_id: verdict.subjectId,
    });
    seen.add(key);
    const ofSubject = knownOf.get(key) ?? [];
    const open = ofSubject.find((incident) => incident.ended_at === null);
    if (open) {
      const next = follow(open, verdict, features, names);
      if (next) changed.push(next);
    } else if (
      verdict.state === 'bad' &&
      !ofSubject.some((incident) => covers(incident, verdict, features.atMs)) &&
      !explainedBy(verdict.by, verdict, [...known, ...changed], features.atMs) &&
      // Last: it judges a moment of the past, and most symptoms are explained.
      stood(verdict, features)
    ) {
      const endedAt = Math.max(0, ...ofSubject.map(({ ended_at }) => ended_at ?? 0));
      const sinceMs = Math.max(verdict.sinceMs, endedAt + 1);
      changed.push(opened({ ...verdict, sinceMs }, features, names));
    }
  }
  // A subject that is on no sample of the whole history, in a call that has samples, is gone.
  for (const incident of known) {
    if (!asked.some((detector) => detector.name === incident.kind)) continue;
    if (incident.ended_at !== null || seen.has(keyOf(incident)) || features.atMs <= incident.detected_at)
      continue;
    changed.push(closed(incident, features.atMs, features, names));
  }
  return changed;
}

/** Closes what is open in a call that has ended. */
export function endIncidents(known: readonly IncidentRow[], endedAtMs: number): IncidentRow[] {
  return known
    .filter((incident) => incident.ended_at === null)
    .map((incident) => ({
      ...incident,
      ended_at: Math.max(endedAtMs, incident.started_at),
      revision: incident.revision + 1,
    }));
}

/** Without most verdicts of most moments: all is well, and was. */
function judgeAll(
  features: CallFeatures,
  asked: readonly Detector[],
  kindsKnown: ReadonlySet<string>,
): Found[] {
  const found: Found[] = [];
  for (const by of asked) {
    const kind = by.name;
    for (const verdict of by.judge(features)) {
      if (verdict.state === 'bad' || kindsKnown.has(kind)) found.push({ ...verdict, kind, by });
    }
  }
  return found;
}

/** Whether it was so before, as long as its detector asks for. */
function stood(verdict: Found, features: CallFeatures): boolean {
  const { patienceMs = 0 } = verdict.by;
  if (patienceMs === 0) return true;
  return verdict.by
    .judge(features.earlier(patienceMs))
    .some(
      (before) =>
        before.state === 'bad' &&
        before.participantId === verdict.participantId &&
        before.subjectId === verdict.subjectId,
    );
}

/** Whether this trouble is told already by an incident that has closed since: the past is being judged again. */
function covers(incident: IncidentRow, verdict: Verdict, atMs: number): boolean {
  const { ended_at } = incident;
  const begunBeforeItsEnd =
    ended_at !== null && verdict.sinceMs <= ended_at && atMs <= ended_at + closedAfterMs;
  const sameStart = Math.abs(incident.started_at - verdict.sinceMs) < sameStartMs;
  return begunBeforeItsEnd || (sameStart && atMs <= incident.detected_at);
}

function opened(verdict: Found, features: CallFeatures, names: Names): IncidentRow {
  const startedAt = Math.min(verdict.sinceMs, features.atMs);
  const id = [
    features.callId,
    verdict.kind,
    verdict.participantId,
    verdict.subjectId,
    Math.floor(startedAt / 1000),
  ];
  const row: IncidentRow = {
    tenant_id: features.tenantId,
    call_id: features.callId,
    incident_id: createHash('sha256').update(id.join('\n')).digest('hex').slice(0, 32),
    kind: verdict.kind,
    detector: `${verdict.by.name}@${verdict.by.version}`,
    hop: verdict.hop,
    participant_id: verdict.participantId,
    subject_id: verdict.subjectId,
    severity: verdict.severity,
    confidence: round(verdict.confidence),
    started_at: startedAt,
    detected_at: features.atMs,
    ended_at: null,
    evidence: JSON.stringify(verdict.evidence),
    sentence: '',
    affected: [...verdict.affected],
    revision: 1,
  };
  return { ...row, sentence: sentenceOf(row, features, names) };
}

function follow(
  open: IncidentRow,
  verdict: Found,
  features: CallFeatures,
  names: Names,
): IncidentRow | undefined {
  // A moment before the incident was found is being judged again: it is told already.
  if (features.atMs <= open.detected_at) return undefined;
  if (verdict.state === 'good' && features.atMs - open.detected_at >= leastOpenMs) {
    return closed(open, verdict.sinceMs, features, names);
  }
  if (verdict.state !== 'bad') return undefined;
  const worse = severityRank[verdict.severity] > severityRank[open.severity];
  const more = verdict.affected.some((id) => !open.affected.includes(id));
  const due = features.atMs - lastTold(open) >= renewMs;
  if (!more && !(worse && due)) return undefined;
  const row: IncidentRow = {
    ...open,
    severity: worse ? verdict.severity : open.severity,
    confidence: Math.max(open.confidence, round(verdict.confidence)),
    hop: verdict.confidence > open.confidence ? verdict.hop : open.hop,
    evidence: worse ? JSON.stringify({ ...verdict.evidence, measuredAtMs: features.atMs }) : open.evidence,
    affected: [...new Set([...open.affected, ...verdict.affected])],
    revision: open.revision + 1,
  };
  return { ...row, sentence: sentenceOf(row, features, names) };
}

function closed(open: IncidentRow, endedAtMs: number, features: CallFeatures, names: Names): IncidentRow {
  const row: IncidentRow = {
    ...open,
    ended_at: Math.min(features.atMs, Math.max(endedAtMs, open.started_at)),
    revision: open.revision + 1,
  };
  return { ...row, sentence: sentenceOf(row, features, names) };
}

const measuredAt = /"measuredAtMs":(\d+)/;
const lastTold = (incident: IncidentRow): number =>
  Number(measuredAt.exec(incident.evidence)?.[1] ?? incident.detected_at);
const round = (confidence: number) => Math.round(confidence * 100) / 100;
