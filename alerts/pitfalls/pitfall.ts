/**
 * A way of setting a conferencing service up badly, as data: how it shows in the store, and what to do. Detectors judge
 * one call while it is on; here the fleet is asked over hours or days, so that what is always so is seen as well.
 */
import type { Bounds } from '../slos/slo.ts';

export interface Pitfall {
  /** Lower case, dashes. */
  readonly name: string;
  readonly title: string;
  /** What is asked, answered by rows that say yes. */
  readonly question: string;
  /** What to change, and where. */
  readonly fix: string;
  /** Rows of `tenant_id, call_id, participant_id, at, detail`: one per person it has struck. */
  people(bounds: Bounds): string;
}
