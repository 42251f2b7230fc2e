/**
 * Scores one window of a call: every stream at the four points where its path is seen.
 *
 * Each point gets what is known there: at the sender nothing is lost yet, at the SFU the uplink's loss
 * counts, at the receiver what was heard and seen. A stream that has no sample at a point gets no row there.
 */
import type { StreamScoreRow } from '../telemetry/rows.ts';
import type { Span } from './counters.ts';
import type { CallPaths } from './paths.ts';
import { receiverRow, sfuOutRow } from './windows/receiving.ts';
import type { WindowContext } from './windows/row.ts';
import { senderRow, sfuInRow } from './windows/sending.ts';

export function scoreWindow(paths: CallPaths, context: WindowContext): StreamScoreRow[] {
  const span: Span = { fromMs: context.windowStart, toMs: context.windowStart + context.windowMs };
  return [
    ...paths.uplinks.flatMap((uplink) => [
      ...senderRow(uplink, span, context),
      ...sfuInRow(uplink, span, context),
    ]),
    ...paths.paths.flatMap((path) => [
      ...sfuOutRow(path, span, context),
      ...receiverRow(path, span, context),
    ]),
  ];
}
