/** What people suffered, whatever the reason: spans of bad windows, by receiver and kind of media. */
import type { MediaKind } from '../../telemetry/rows.ts';

/** MOS under this is bad (G.109: many users dissatisfied); the same bound as in the summaries. */
export const badMos = 3.1;

/** A window in which somebody received something badly. */
export interface BadWindow {
  readonly start: number;
  readonly windowMs: number;
  readonly receiverId: string;
  readonly senderId: string;
  readonly kind: MediaKind;
  readonly mos: number;
  readonly concealedRatio: number | null;
  readonly frozenMs: number | null;
  readonly framesPerSecond: number | null;
  readonly frameHeight: number | null;
  readonly delayMs: number | null;
}

export interface Symptom {
  readonly receiverId: string;
  readonly kind: MediaKind;
  readonly from: number;
  readonly to: number;
  /** Lowest of its windows. */
  readonly worstMos: number;
  /** Time that was bad, over all streams at once: overlapping streams count once. */
  readonly badMs: number;
  readonly senderIds: readonly string[];
  /** Highest of its windows, 0 to 1. */
  readonly concealedRatio: number;
  /** Longest time without a picture in one window, as a share of it. */
  readonly frozenRatio: number;
  readonly highestDelayMs: number;
  readonly lowestHeight: number;
}

/** Bad windows closer than this are one span: nobody remembers the good seconds in between. */
const joinMs = 10_000;

export function symptomsOf(windows: readonly BadWindow[]): Symptom[] {
  const byPerson = Map.groupBy(windows, (w) => `${w.receiverId}\n${w.kind}`);
  return [...byPerson.values()]
    .flatMap((own) => {
      const sorted = own.toSorted((a, b) => a.start - b.start);
      const spans: BadWindow[][] = [];
      let end = Number.NEGATIVE_INFINITY;
      for (const window of sorted) {
        const last = spans.at(-1);
        if (last && window.start - end <= joinMs) last.push(window);
        else spans.push([window]);
        end = Math.max(end, window.start + window.windowMs);
      }
      return spans.map(symptomOf);
    })
    .sort((a, b) => a.from - b.from || b.badMs - a.badMs);
}

function symptomOf(windows: readonly BadWindow[]): Symptom {
  const first = windows[0]!;
  const highest = (value: (w: BadWindow) => number | null) =>
    windows.reduce((most, w) => Math.max(most, value(w) ?? 0), 0);
  const starts = new Map(windows.map((w) => [w.start, w.windowMs]));
  return {
    receiverId: first.receiverId,
    kind: first.kind,
    from: first.start,
    to: highest((w) => w.start + w.windowMs),
    worstMos: windows.reduce((least, w) => Math.min(least, w.mos), 5),
    badMs: [...starts.values()].reduce((sum, ms) => sum + ms, 0),
    senderIds: [...new Set(windows.map((w) => w.senderId))],
    concealedRatio: highest((w) => w.concealedRatio),
    frozenRatio: highest((w) => (w.frozenMs === null ? 0 : w.frozenMs / w.windowMs)),
    highestDelayMs: highest((w) => w.delayMs),
    lowestHeight: windows.reduce(
      (least, w) => (w.frameHeight === null ? least : Math.min(least, w.frameHeight)),
      Number.POSITIVE_INFINITY,
    ),
  };
}
