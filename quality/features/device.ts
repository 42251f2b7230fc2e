/** One participant's device as such: whether its page gets its turn. Told by the page's own timers, so by no network. */
import type { Link } from '../paths.ts';
import { fresh, runCount, runMs, staleClientMs } from './trailing.ts';

export interface DeviceFeatures {
  readonly participantId: string;
  /** How late a timer of the page was since the sample before, newest sample; ms. Unknown while the page is hidden. */
  readonly pageLateMs: number | undefined;
  /** How many of the newest samples in a row were late. */
  readonly lateSamples: number;
  /** How long the newest samples have all been prompt; ms. */
  readonly promptForMs: number;
}

/** A long task of the page's own reaches 100 ms now and then. */
const lateMs = 150;
export const promptMs = 80;

export function deviceFeatures(participantId: string, links: readonly Link[], atMs: number): DeviceFeatures {
  // Both connections carry the same figure: the one that is known for longer will do.
  const rows = links
    .map((link) => fresh(link.client, atMs, staleClientMs).filter((s) => s.page_late_ms !== null))
    .reduce((a, b) => (b.length > a.length ? b : a), []);
  return {
    participantId,
    pageLateMs: rows.at(-1)?.page_late_ms ?? undefined,
    lateSamples: runCount(rows, (s) => s.page_late_ms! >= lateMs),
    promptForMs: runMs(rows, (s) => s.page_late_ms! <= promptMs),
  };
}
