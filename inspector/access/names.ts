/**
 * Who may see what people call themselves. Whoever may not sees participants by number, in every sentence too, finds no
 * call by a name, and gets no export, which holds them. Recordings that one dropped oneself are not hidden from oneself.
 */
import type { CallPage, FoundCall } from '../contract.ts';
import type { Actor } from './actor.ts';

/** `admins`: only they. */
export const namePolicies = ['shown', 'admins', 'hidden'] as const;
export type NamePolicy = (typeof namePolicies)[number];

export const maySeeNames = (policy: NamePolicy, actor: Actor): boolean =>
  policy === 'shown' || (policy === 'admins' && actor.role === 'admin');

/**
 * What is told of a call, the page or a part of it, with `Participant 1` for the first who came, and so on.
 * @param page of the call, with its names
 */
export const withoutNames = <T>(told: T, page: CallPage): T =>
  replaced(
    told,
    page.people.map(({ name }, index) => [name, `Participant ${index + 1}`] as const),
  );

/** Who came first is not known in a list of calls. */
export const foundWithoutNames = (call: FoundCall): FoundCall => ({
  ...replaced(
    call,
    call.names.map((name) => [name, 'a participant'] as const),
  ),
  names: [],
});

/** Every text in it, whatever it stands in, without these words; longer ones first, and whole words only. */
function replaced<T>(value: T, aliases: readonly (readonly [name: string, alias: string])[]): T {
  const byName = new Map(aliases.filter(([name]) => name !== ''));
  if (byName.size === 0) return value;
  const names = [...byName.keys()]
    .toSorted((a, b) => b.length - a.length)
    .map((name) => name.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  const words = new RegExp(`(?<![\\p{L}\\p{N}_])(?:${names.join('|')})(?![\\p{L}\\p{N}_])`, 'gu');
  const walk = (one: unknown): unknown => {
    if (typeof one === 'string') return one.replace(words, (name) => byName.get(name)!);
    if (Array.isArray(one)) return one.map(walk);
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([key, inner]) => [key, walk(inner)]));
  };
  return walk(value) as T;
}
