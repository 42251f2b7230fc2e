/**
 * Scores one window of a call: every stream at the four points where its path is seen.
 *
 * Each point gets what is known there: at the sender nothing is lost yet, at the SFU the uplink's loss
 * counts, at the receiver what was heard and seen. A stream that has no sample at a point gets no row there.
 */
import type { StreamScoreRow } from '../telemetry/rows.ts';
import type { Span } from './counters.ts';
import type { CallPaths, Uplink } from './paths.ts';
import { type UplinkFacts, uplinkFacts } from './windows/facts.ts';
import { pathRows } from './windows/receiving.ts';
import type { WindowContext } from './windows/row.ts';
import { senderRow, sfuInRow } from './windows/sending.ts';

export function scoreWindow(paths: CallPaths, context: WindowContext): StreamScoreRow[] {
  const span: Span = { fromMs: context.windowStart, toMs: context.windowStart + context.windowMs };
  const factsOf = new Map<Uplink, UplinkFacts>();
  const rows: StreamScoreRow[] = [];
  for (const uplink of paths.uplinks) {
    const facts = uplinkFacts(uplink, span);
    factsOf.set(uplink, facts);
    rows.push(...senderRow(facts, span, context), ...sfuInRow(facts, span, context));
  }
  for (const path of paths.paths) {
    // An uplink that nobody told of is on its paths only.
    const facts = factsOf.get(path.uplink) ?? uplinkFacts(path.uplink, span);
    rows.push(...pathRows(facts, path, span, context));
  }
  return rows;
}
