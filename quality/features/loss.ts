/** Loss by the SFU's transport-wide feedback, which counts one way of one transport and nothing else. */
import { mean } from '../counters.ts';
import type { Sample } from '../samples.ts';
import { highest, longMs, runMs, shortMs } from './trailing.ts';

export interface SfuLossFeatures {
  /** Newest value of the SFU's own smoothed loss from transport-wide feedback, 0 to 1; of a downlink none that is old. */
  readonly lossNow: number | undefined;
  readonly lossLong: number | undefined;
  /** The highest of some seconds. */
  readonly lossHighest: number | undefined;
  /** How long the newest samples have been at or over 3 %, at or under 1 %; ms. */
  readonly lossHighMs: number;
  readonly lossLowMs: number;
  /**
   * How long it has not risen; ms. mediasoup's figure is a mean over its last two dozen feedbacks: with audio only on
   * the line it tells of a loss for half a minute after the last one.
   */
  readonly lossNotRisenMs: number;
  /** The longest that the node's media worker took to answer lately, ms: what it handles late is not this link's doing. */
  readonly workerAnswerMs: number | undefined;
}

export function lossFeatures(
  sfu: readonly Sample<'sfu_transport'>[],
  pick: (s: Sample<'sfu_transport'>) => number | null,
): SfuLossFeatures {
  const newest = sfu.at(-1)?.time ?? 0;
  const known = sfu.filter((s) => pick(s) !== null);
  const lately = known.filter((s) => s.time >= newest - longMs).map((s) => pick(s)!);
  return {
    lossNow: known.length > 0 ? pick(known.at(-1)!)! : undefined,
    lossLong: mean(lately),
    lossHighest: highest(lately),
    lossHighMs: runMs(known, (s) => pick(s)! >= 0.03),
    lossLowMs: runMs(known, (s) => pick(s)! <= 0.01),
    workerAnswerMs: highest(
      sfu.filter((s) => s.time >= newest - shortMs).map((s) => s.worker_answer_ms ?? undefined),
    ),
    lossNotRisenMs: runMs(known, (s, before) => before !== undefined && pick(s)! <= pick(before)! + 0.002),
  };
}

/** Since when a counter has been moving, as far as the history shows. */
export function flowingMs<S extends Sample<'sfu_transport'>>(
  samples: readonly S[],
  pick: (s: S) => number | null,
): number {
  const first = samples.find((s) => (pick(s) ?? 0) > 0);
  return first ? samples.at(-1)!.time - first.time : 0;
}
