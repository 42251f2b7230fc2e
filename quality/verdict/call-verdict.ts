/**
 * Why was this call bad? The answer in plain language: for each problem who suffered what, from when to when, where and
 * why with numbers, how the others did, what we did and whether it helped; and plainly so when nothing was wrong.
 *
 * Nothing is judged here that was not judged before: causes come from incidents, what was suffered from scores. What
 * was suffered without a cause is told as that.
 */
import type { DecisionRow, Hop, IncidentRow } from '../../telemetry/rows.ts';
import { decisionWords } from './decision-words.ts';
import { at, list, type Part, type Text, text } from './parts.ts';
import { type Problem, problemsOf } from './problems.ts';
import { type People, symptomWords, unique } from './symptom-words.ts';
import { type BadWindow, type Symptom, symptomsOf } from './symptoms.ts';

export interface VerdictInput {
  readonly from: number;
  readonly to: number;
  readonly live: boolean;
  readonly names: ReadonlyMap<string, string>;
  readonly participants: readonly string[];
  /** Epoch ms, by participant. */
  readonly joinedAt: ReadonlyMap<string, number>;
  /** Time of all received streams that has a score. */
  readonly scoredMs: number;
  /** The reason of most of the time without a score. */
  readonly unclassified: string;
  readonly badWindows: readonly BadWindow[];
  readonly incidents: readonly IncidentRow[];
  readonly decisions: readonly DecisionRow[];
}

export type Certainty = 'high' | 'medium' | 'low';

export interface Finding {
  readonly severity: 'minor' | 'moderate' | 'severe';
  /** What was suffered and when, in one sentence. */
  readonly what: Text;
  /** Where and why, with numbers, and how others did. */
  readonly why: Text;
  /** What we did; empty when nothing. */
  readonly did: Text;
  readonly hop: Hop;
  /** Whose line, device or network it is; '' for the service's own parts. */
  readonly participantId: string;
  /** Everybody it concerns. */
  readonly concerns: readonly string[];
  readonly from: number;
  readonly to: number | null;
  readonly confidence: number;
  readonly certainty: Certainty;
  readonly incidentIds: readonly string[];
  readonly decisionIds: readonly string[];
}

export interface CallVerdict {
  /** `fine`: looked at, and nothing found. `unknown`: not enough was measured to say. */
  readonly level: 'fine' | 'minor' | 'moderate' | 'severe' | 'unknown';
  readonly headline: Text;
  /** The worst first. */
  readonly findings: readonly Finding[];
  /** How those did who are in no finding; empty when there is nothing to say. */
  readonly others: Text;
}

/** Scores are of 5 s windows, and what was broken takes some seconds to show and to heal. */
const beforeMs = 6_000;
const afterMs = 15_000;
/** What is suffered without a cause is told from here on. */
const leastUnexplainedMs = 10_000;
const mostUnexplained = 3;
/** So long after somebody joined, buffers are still finding their size: no trouble of the call. */
const settlesMs = 5_000;
/** So little of scored media says nothing of a call. */
const leastScoredMs = 5_000;

const severityRank = { minor: 0, moderate: 1, severe: 2 } as const;

export function callVerdict(input: VerdictInput): CallVerdict {
  const people: People = {
    name: (id) => ({ who: id, name: input.names.get(id) || shortId(id) }),
    count: input.participants.length,
  };
  let left = input.badWindows;
  const explained = problemsOf(input.incidents).map((problem) => {
    const own = left.filter((w) => belongs(w, problem));
    const taken = new Set(own);
    left = left.filter((w) => !taken.has(w));
    return findingOf(problem, symptomsOf(own), input, people);
  });
  const findings = [...explained, ...unexplained(left.filter(settled(input)), people)].sort(
    (a, b) => severityRank[b.severity] - severityRank[a.severity],
  );
  const level = levelOf(findings, input);
  return {
    level,
    findings,
    headline: headlineOf(level, findings, input, people),
    others: othersOf(findings, input, people),
  };
}

const settled =
  ({ joinedAt }: VerdictInput) =>
  ({ start, receiverId, senderId }: BadWindow): boolean =>
    start >= Math.max(joinedAt.get(receiverId) ?? 0, joinedAt.get(senderId) ?? 0) + settlesMs;

function belongs(window: BadWindow, { main, from, to, affected }: Problem): boolean {
  const end = window.start + window.windowMs;
  if (end < from - beforeMs || (to !== null && window.start > to + afterMs)) return false;
  const { hop, participant_id: guilty } = main;
  if (hop === 'sender_device' || hop === 'uplink') return window.senderId === guilty;
  if (guilty === '') return affected.includes(window.receiverId) || affected.includes(window.senderId);
  // A lost path is lost in both directions.
  if (main.kind === 'ice_loss' || hop === 'relay' || hop === 'far_network') {
    return window.receiverId === guilty || window.senderId === guilty;
  }
  return (
    window.receiverId === guilty ||
    (affected.includes(window.receiverId) && window.senderId === senderIn(main))
  );
}

function findingOf(
  problem: Problem,
  symptoms: readonly Symptom[],
  input: VerdictInput,
  people: People,
): Finding {
  const { main, incidents, from, to } = problem;
  const span = to === null ? text` since ${at(from)}` : text` from ${at(from)} to ${at(to)}`;
  const words = symptomWords(symptoms, people);
  const subject: Part = main.participant_id === '' ? 'The service' : people.name(main.participant_id);
  const what = words ? text`${words}${span}.` : symptomless(main, subject, span);
  const why = causeOf(main);
  const ids = new Set(incidents.map((i) => i.incident_id));
  const decisions = input.decisions
    .filter((d) => ids.has(d.incident_id) || decidedFor(d, problem))
    .toSorted((a, b) => a.decided_at - b.decided_at);
  const did = [...Map.groupBy(decisions, (d) => d.participant_id)].flatMap(([id, own]) => [
    ...decisionWords(own, people.name(id)),
    ' ',
  ]);
  return {
    severity: main.severity,
    what,
    why,
    did: did.slice(0, -1),
    hop: main.hop,
    participantId: main.participant_id,
    concerns: unique(
      [main.participant_id, ...problem.affected, ...symptoms.flatMap((s) => [s.receiverId])].filter(Boolean),
    ),
    from,
    to,
    confidence: main.confidence,
    certainty: certaintyOf(main.confidence),
    incidentIds: incidents.map((i) => i.incident_id),
    decisionIds: decisions.map((d) => d.decision_id),
  };
}

const withoutCall = new Set(['connection_not_established', 'ice_loss', 'sfu_death', 'dtls_wave']);
const withoutDevice = new Set([
  'capture_failed',
  'silent_microphone',
  'video_source_black',
  'video_source_frozen',
]);

/** A trouble that no score shows: what was heard and seen stayed good, or there was nothing to hear and see. */
function symptomless(main: IncidentRow, subject: Part, span: Text): Text {
  if (withoutCall.has(main.kind)) {
    return main.participant_id === ''
      ? text`Everybody lost the call${span}.`
      : text`${subject} was without the call${span}.`;
  }
  if (withoutDevice.has(main.kind)) return text`${subject} was not heard or not seen as meant${span}.`;
  if (main.severity === 'minor')
    return text`${subject} had a small trouble${span}, which people hardly noticed.`;
  return text`${subject} had trouble${span}; the scores of what people heard and saw stayed above poor.`;
}

/** The detector's own sentence, without the times that stand in the sentence before it. */
function causeOf({ sentence, kind }: IncidentRow): Text {
  const plain = sentence.replace(/ from \d\d:\d\d:\d\d(?: to \d\d:\d\d:\d\d)?/, '');
  return [plain === '' ? `${kind.replaceAll('_', ' ')}.` : plain];
}

const decidedFor = (decision: DecisionRow, { main, from, to }: Problem): boolean =>
  decision.incident_id === '' &&
  decision.participant_id === main.participant_id &&
  decision.decided_at >= from &&
  decision.decided_at <= (to ?? Number.POSITIVE_INFINITY);

function senderIn(incident: IncidentRow): string {
  try {
    return String((JSON.parse(incident.evidence) as { senderId?: unknown }).senderId ?? '');
  } catch {
    return '';
  }
}

function unexplained(windows: readonly BadWindow[], people: People): Finding[] {
  return symptomsOf(windows)
    .filter((s) => s.badMs >= leastUnexplainedMs)
    .toSorted((a, b) => b.badMs - a.badMs)
    .slice(0, mostUnexplained)
    .map(
      (symptom): Finding => ({
        severity: symptom.kind === 'audio' && symptom.badMs >= 30_000 ? 'moderate' : 'minor',
        what: text`${symptomWords([symptom], people)!} from ${at(symptom.from)} to ${at(symptom.to)} (worst score ${symptom.worstMos.toFixed(1)} of 5, ${String(Math.round(symptom.badMs / 1000))} s in all).`,
        why: text`No detector found a cause; the charts show what was measured.`,
        did: [],
        hop: 'unknown',
        participantId: symptom.receiverId,
        concerns: [symptom.receiverId],
        from: symptom.from,
        to: symptom.to,
        confidence: 0.3,
        certainty: 'low',
        incidentIds: [],
        decisionIds: [],
      }),
    );
}

function levelOf(findings: readonly Finding[], input: VerdictInput): CallVerdict['level'] {
  if (findings.length > 0) return findings[0]!.severity;
  return input.scoredMs < leastScoredMs ? 'unknown' : 'fine';
}

function headlineOf(
  level: CallVerdict['level'],
  findings: readonly Finding[],
  input: VerdictInput,
  people: People,
): Text {
  if (level === 'unknown') {
    const why =
      input.unclassified === '' ? 'no media was measured long enough to score it' : input.unclassified;
    return text`Nothing can be said of how this call was: ${why}.`;
  }
  if (level === 'fine') {
    const size = `${people.count} ${people.count === 1 ? 'person' : 'people'}, ${lengthOf(input)}`;
    return input.live
      ? text`All is well so far: nobody hears or sees anything badly, and no issue was found (${size}).`
      : text`This call was fine: nobody heard or saw anything badly, and no issue was found (${size}).`;
  }
  return findings[0]!.what;
}

function othersOf(findings: readonly Finding[], input: VerdictInput, people: People): Text {
  if (findings.length === 0) return [];
  const concerned = new Set(findings.flatMap((f) => f.concerns));
  const rest = input.participants.filter((id) => !concerned.has(id));
  if (rest.length === 0) return [];
  const suffered = new Set(input.badWindows.map((w) => w.receiverId));
  const fine = rest.filter((id) => !suffered.has(id));
  if (fine.length === 0) return [];
  return text`${list(fine.map(people.name))} ${fine.length === 1 ? 'was' : 'were'} fine.`;
}

const certaintyOf = (confidence: number): Certainty =>
  confidence >= 0.85 ? 'high' : confidence >= 0.6 ? 'medium' : 'low';

function lengthOf({ from, to }: VerdictInput): string {
  const seconds = Math.round((to - from) / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}

export const shortId = (id: string): string =>
  id === '' ? 'somebody' : id.length > 14 ? `${id.slice(0, 12)}…` : id;
