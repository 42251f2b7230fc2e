/** What people suffered, in words: who heard or saw whom how badly. */
import { list, type Part, type Text, text } from './parts.ts';
import type { Symptom } from './symptoms.ts';

/** From here on torn sound is what one speaks of. */
const tornRatio = 0.05;
/** A conversation stumbles (G.114: 400 ms is the most that is acceptable). */
const lateMs = 400;
/** A third of a window without a new picture is seen as standing still. */
const frozenRatio = 0.3;

export interface People {
  readonly name: (participantId: string) => Part;
  /** How many there are in the call. */
  readonly count: number;
}

/**
 * `Ana heard Ben break up and saw Ben freeze`, for the symptoms of one problem.
 * @returns undefined when there are none
 */
export function symptomWords(symptoms: readonly Symptom[], people: People): Text | undefined {
  if (symptoms.length === 0) return undefined;
  const receivers = unique(symptoms.map((s) => s.receiverId));
  const who = list(receivers.map(people.name));
  const heard = symptoms.filter((s) => s.kind === 'audio');
  const seen = symptoms.filter((s) => s.kind === 'video');
  const parts: Text[] = [];
  if (heard.length > 0) parts.push(heardWords(heard, receivers, people));
  if (seen.length > 0) {
    const same = heard.length > 0 && sameSenders(heard, seen);
    parts.push(seenWords(seen, receivers, people, same));
  }
  return text`${who} ${list(parts)}`;
}

function heardWords(symptoms: readonly Symptom[], receivers: readonly string[], people: People): Text {
  const whom = senders(symptoms, receivers, people);
  const torn = Math.max(...symptoms.map((s) => s.concealedRatio));
  const delay = Math.max(...symptoms.map((s) => s.highestDelayMs));
  if (torn >= tornRatio) return text`heard ${whom} break up`;
  if (delay >= lateMs) return text`heard ${whom} ${Math.round(delay)} ms late`;
  return text`heard ${whom} badly`;
}

function seenWords(
  symptoms: readonly Symptom[],
  receivers: readonly string[],
  people: People,
  sameAsHeard: boolean,
): Text {
  const named = senders(symptoms, receivers, people);
  const whom = sameAsHeard && named !== oneAnother ? text`them` : named;
  if (Math.max(...symptoms.map((s) => s.frozenRatio)) >= frozenRatio) return text`saw ${whom} freeze`;
  return text`saw ${whom} in poor quality`;
}

function senders(symptoms: readonly Symptom[], receivers: readonly string[], people: People): Text {
  const ids = unique(symptoms.flatMap((s) => s.senderIds)).filter((id) => id !== '');
  if (ids.length === 0) return text`what arrived`;
  const all = receivers.length === 1 && ids.length > 2 && ids.length === people.count - 1;
  if (all) return text`everybody`;
  const mutual = receivers.length > 1 && (ids.length > 2 || sameIds(ids, receivers));
  return mutual ? oneAnother : list(ids.map(people.name));
}

const oneAnother: Text = ['one another'];

const sameIds = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((id) => b.includes(id));

function sameSenders(a: readonly Symptom[], b: readonly Symptom[]): boolean {
  const ids = (symptoms: readonly Symptom[]) =>
    unique(symptoms.flatMap((s) => s.senderIds))
      .sort()
      .join('\n');
  return ids(a) === ids(b) && ids(a) !== '';
}

export const unique = <T>(items: readonly T[]): T[] => [...new Set(items)];
