/** What the notes of a page come to: where media stood still, over which relays it went, how much it was. Pure. */
import type { FlowNote } from './flow.ts';

/** Pauses of speech and the pace of a slow camera are shorter. */
export const standsMs = 500;
/** What everybody notices, and no busy machine makes. */
export const longMs = 1_000;
/** A stream that had come on within this before the moment was flowing. */
const flowingMs = 1_500;

export interface Gap {
  readonly stream: string;
  readonly fromMs: number;
  /** null: not by the last note. */
  readonly untilMs: number | null;
}

/** Times in which a stream that flowed at `fromMs` stood still for so long and more, begun by `toMs`. */
export function gapsOf(notes: readonly FlowNote[], fromMs: number, toMs: number, leastMs = standsMs): Gap[] {
  const streams = new Set(notes.flatMap((note) => Object.keys(note.streams)));
  const endMs = notes.at(-1)?.atMs ?? fromMs;
  return [...streams].flatMap((stream) => {
    const grew = growthsOf(notes, stream);
    const flowed = grew.some((atMs) => atMs <= fromMs && atMs > fromMs - flowingMs);
    if (!flowed) return [];
    const gaps: Gap[] = [];
    grew.forEach((atMs, i) => {
      const next = grew[i + 1];
      const lastsMs = (next ?? endMs) - atMs;
      if (lastsMs < leastMs || (next ?? endMs) <= fromMs || atMs > toMs) return;
      gaps.push({ stream, fromMs: atMs, untilMs: next ?? null });
    });
    return gaps;
  });
}

/**
 * From the moment until everything that stood still flows again: what stopped at the moment, and whatever stood still for
 * a second and more later on; shorter pauses later are a busy machine's.
 *
 * @returns undefined: nothing stood still; null: not again
 */
export function recoveredMs(
  notes: readonly FlowNote[],
  fromMs: number,
  toMs: number,
): number | null | undefined {
  const endMs = notes.at(-1)?.atMs ?? fromMs;
  const gaps = gapsOf(notes, fromMs, toMs).filter(
    (gap) => gap.fromMs <= fromMs + standsMs || (gap.untilMs ?? endMs) - gap.fromMs >= longMs,
  );
  if (gaps.length === 0) return undefined;
  if (gaps.some(({ untilMs }) => untilMs === null)) return null;
  return Math.round(Math.max(...gaps.map(({ untilMs }) => untilMs! - fromMs)));
}

/** Moments at which it had come on since the note before. */
function growthsOf(notes: readonly FlowNote[], stream: string): number[] {
  const grew: number[] = [];
  let last: number | undefined;
  for (const { atMs, streams } of notes) {
    const count = streams[stream];
    if (count === undefined) continue;
    if (last !== undefined && count > last) grew.push(atMs);
    last = count;
  }
  return grew;
}

/** Whether the person was in the call and saw all the others in every note from then on. */
export function stayed(notes: readonly FlowNote[], others: number, fromMs: number): boolean {
  return notes.every((note) => note.atMs < fromMs || (note.joined && note.others >= others));
}

/** Relayed over these URLs in the last `overMs` of the notes, both ways, bits per second. */
export function relayedBps(notes: readonly FlowNote[], urls: readonly string[], overMs: number): number {
  const last = notes.at(-1);
  if (!last) return 0;
  const first = notes.find(({ atMs }) => atMs >= last.atMs - overMs)!;
  const elapsedMs = last.atMs - first.atMs;
  if (elapsedMs <= 0) return 0;
  let bytes = 0;
  for (const [connection, { relayUrl, bytes: now, pairId }] of Object.entries(last.paths)) {
    if (!urls.includes(relayUrl)) continue;
    const before = first.paths[connection];
    bytes += before?.pairId === pairId ? now - before.bytes : now;
  }
  return (bytes * 8 * 1000) / elapsedMs;
}

/** Relay URLs of the paths in use. */
export const urlsIn = (note: FlowNote | undefined): string[] =>
  Object.values(note?.paths ?? {}).map(({ relayUrl }) => relayUrl);
