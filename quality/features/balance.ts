/**
 * What came out of a link of what went into it, by both ends' own counts of bytes. It needs no feedback, so it tells of
 * a queue or a loss also when feedback is what the link holds up; and it knows nothing of devices, which count a packet
 * when it comes in, however late they play it.
 */

interface Count {
  readonly time: number;
  readonly bytes: number | null;
}

/** Shorter, and samples that are a little apart in time weigh too much; longer, and the beginning is diluted. */
const spanMs = 2_000;
/** Less is hardly more than sound, whose pauses make a ratio of nothing. */
const leastBytesPerSecond = 8_000;

/** @returns 0 upwards, about 1 when all arrives; undefined where either end's samples do not cover the span */
export function arrivedOfSent(sent: readonly Count[], arrived: readonly Count[]): number | undefined {
  const untilMs = Math.min(sent.at(-1)?.time ?? 0, arrived.at(-1)?.time ?? 0);
  const went = grown(sent, untilMs);
  const came = grown(arrived, untilMs);
  if (went === undefined || came === undefined || went * 1_000 < leastBytesPerSecond * spanMs)
    return undefined;
  return came / went;
}

function grown(counts: readonly Count[], untilMs: number): number | undefined {
  const from = valueAt(counts, untilMs - spanMs);
  const to = valueAt(counts, untilMs);
  return from === undefined || to === undefined || to < from ? undefined : to - from;
}

/** Between two samples a counter is taken to have grown evenly. */
function valueAt(counts: readonly Count[], atMs: number): number | undefined {
  const after = counts.findIndex(({ time }) => time >= atMs);
  const to = counts[after];
  const from = counts[after - 1];
  if (!to || to.bytes === null) return undefined;
  if (to.time === atMs) return to.bytes;
  if (!from || from.bytes === null || from.bytes > to.bytes) return undefined;
  return from.bytes + ((to.bytes - from.bytes) * (atMs - from.time)) / (to.time - from.time);
}
