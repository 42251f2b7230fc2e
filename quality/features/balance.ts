/**
 * What came out of a link of what went into it, by both ends' own counts of bytes. It needs no feedback, so it tells of
 * a queue or a loss also when feedback is what the link holds up; and it knows nothing of devices, which count a packet
 * when it comes in, however late they play it.
 */
import { type Counted, increase } from '../counters.ts';

/** Shorter, and samples that are a little apart in time weigh too much; longer, and the beginning is diluted. */
const spanMs = 2_000;
/** Less is hardly more than sound, whose pauses make a ratio of nothing. */
const leastBytesPerSecond = 8_000;

/** Bytes counted at one end. */
export interface End<S extends Counted> {
  readonly samples: readonly S[];
  readonly bytes: (sample: S) => number | null;
}

/** @returns 0 upwards, about 1 when all arrives; undefined where either end's samples do not cover the span */
export function arrivedOfSent<S extends Counted, A extends Counted>(
  sent: End<S>,
  arrived: End<A>,
): number | undefined {
  const untilMs = Math.min(sent.samples.at(-1)?.time ?? 0, arrived.samples.at(-1)?.time ?? 0);
  const went = grown(sent, untilMs);
  const came = grown(arrived, untilMs);
  if (went === undefined || came === undefined || went * 1_000 < leastBytesPerSecond * spanMs)
    return undefined;
  return came / went;
}

function grown<S extends Counted>({ samples, bytes }: End<S>, untilMs: number): number | undefined {
  const counted = increase(samples, bytes, { fromMs: untilMs - spanMs, toMs: untilMs }, rising);
  return counted?.coveredMs === spanMs && !Number.isNaN(counted.amount) ? counted.amount : undefined;
}

/** A count that began anew on one end cannot be set against the other's. */
const rising = (before: number, after: number): number => (after >= before ? after - before : Number.NaN);
