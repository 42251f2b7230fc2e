/** One stream at its receiver over the last seconds: what was heard and seen, and what it cost to show it. */
import type { MediaKind, MediaSource } from '../../telemetry/rows.ts';
import { growth, rateOf, ratioOf, shareOf } from './growth.ts';
import type { PathFeatures } from './path.ts';
import { fresh, historyMs, longMs, staleClientMs } from './trailing.ts';

export interface ReceivingFeatures {
  readonly at: PathFeatures;
  readonly receiverId: string;
  /** '' when its producer is on no row. */
  readonly senderId: string;
  readonly consumerId: string;
  readonly kind: MediaKind;
  readonly source: MediaSource;
  /** Newest sample, epoch ms. */
  readonly timeMs: number | undefined;
  /** How much of the history its samples cover, ms: a stream that has just begun is not judged. */
  readonly knownMs: number;
  /** All below over the last 5 s, those with `Long` over the whole history. */
  readonly packetsPerSecond: number | undefined;
  readonly loss: number | undefined;
  /** Audible concealment, of all samples played; silence is not counted. */
  readonly concealed: number | undefined;
  readonly concealedLong: number | undefined;
  /** Of the history before the last 5 s. */
  readonly concealedBefore: number | undefined;
  /** Samples inserted or removed to stretch or squeeze the sound, of all played. */
  readonly stretched: number | undefined;
  readonly jitterMs: number | undefined;
  readonly jitterBufferMs: number | undefined;
  readonly jitterBufferLongMs: number | undefined;
  readonly receivedFps: number | undefined;
  readonly decodedFps: number | undefined;
  /** Frames that arrived whole and were thrown away, of those that arrived. */
  readonly dropped: number | undefined;
  readonly droppedLong: number | undefined;
  readonly droppedBefore: number | undefined;
  /** Part of the time that the decoder was at work on it. */
  readonly decoding: number | undefined;
  readonly plisPerSecond: number | undefined;
  readonly plisPerSecondLong: number | undefined;
  /** Key frames asked for since the last decoded frame. */
  readonly plisSinceFrame: number | undefined;
}

const common = [
  'packets_received',
  'packets_lost',
  'jitter_buffer_delay_us',
  'jitter_buffer_emitted_count',
] as const;
const audioCounters = [
  ...common,
  'total_samples_received',
  'concealed_samples',
  'silent_concealed_samples',
  'inserted_samples_for_deceleration',
  'removed_samples_for_acceleration',
] as const;
const videoCounters = [
  ...common,
  'frames_received',
  'frames_decoded',
  'frames_dropped',
  'total_decode_time_us',
  'pli_count',
] as const;
type ReceivedCounter = (typeof audioCounters)[number] | (typeof videoCounters)[number];

/** Whether its picture stood for a whole sampling interval of the history: a standstill, which is judged as such. */
export const stood = ({ at }: ReceivingFeatures): boolean =>
  at.path.inbound.some((row, i, rows) => i > 0 && row.frames_decoded === rows[i - 1]!.frames_decoded);

export function receivingFeatures(at: PathFeatures, atMs: number): ReceivingFeatures {
  const { path } = at;
  const { kind } = path.uplink;
  const rows = fresh(path.inbound, atMs, staleClientMs);
  const newest = rows.at(-1);
  const counters: readonly ReceivedCounter[] = kind === 'audio' ? audioCounters : videoCounters;
  const newestMs = newest?.time ?? atMs;
  const now = growth(rows, counters, newestMs - longMs);
  const long = growth(rows, counters, newestMs - historyMs);
  const emptied = (grown: typeof now) => {
    const us = ratioOf(grown?.of.jitter_buffer_delay_us, grown?.of.jitter_buffer_emitted_count);
    return us === undefined ? undefined : us / 1000;
  };
  const decodeUs = rateOf(now, 'total_decode_time_us');
  return {
    at,
    receiverId: path.receiverId,
    senderId: path.uplink.senderId,
    consumerId: path.consumerId,
    kind,
    source: path.uplink.source,
    timeMs: newest?.time,
    knownMs: long?.coveredMs ?? 0,
    packetsPerSecond: rateOf(now, 'packets_received'),
    loss: shareOf(now?.of.packets_lost, now?.of.packets_received),
    concealed: heardConcealed(now?.of),
    concealedLong: heardConcealed(long?.of),
    concealedBefore: heardConcealed(long && now ? without(long.of, now.of) : undefined),
    stretched: ratioOf(
      sum(now?.of.inserted_samples_for_deceleration, now?.of.removed_samples_for_acceleration),
      now?.of.total_samples_received,
    ),
    jitterMs: meanJitterMs(rows, newestMs - longMs),
    jitterBufferMs: emptied(now),
    jitterBufferLongMs: emptied(long),
    receivedFps: rateOf(now, 'frames_received'),
    decodedFps: rateOf(now, 'frames_decoded'),
    dropped: ratioOf(now?.of.frames_dropped, now?.of.frames_received),
    droppedLong: ratioOf(long?.of.frames_dropped, long?.of.frames_received),
    droppedBefore: ratioOf(
      difference(long?.of.frames_dropped, now?.of.frames_dropped),
      difference(long?.of.frames_received, now?.of.frames_received),
    ),
    decoding: decodeUs === undefined ? undefined : decodeUs / 1e6,
    plisPerSecond: rateOf(now, 'pli_count'),
    plisPerSecondLong: rateOf(long, 'pli_count'),
    plisSinceFrame: at.sinceFrameMs
      ? growth(rows, ['pli_count'], newestMs - at.sinceFrameMs)?.of.pli_count
      : undefined,
  };
}

function heardConcealed(of: Amounts | undefined): number | undefined {
  if (of?.concealed_samples === undefined) return undefined;
  const heard = Math.max(0, of.concealed_samples - (of.silent_concealed_samples ?? 0));
  return ratioOf(heard, of.total_samples_received);
}

type Amounts = { readonly [C in ReceivedCounter]?: number };

const without = (all: Amounts, part: Amounts): Amounts => ({
  total_samples_received: (all.total_samples_received ?? 0) - (part.total_samples_received ?? 0),
  concealed_samples: (all.concealed_samples ?? 0) - (part.concealed_samples ?? 0),
  silent_concealed_samples: (all.silent_concealed_samples ?? 0) - (part.silent_concealed_samples ?? 0),
});

function meanJitterMs(
  rows: readonly { readonly time: number; readonly jitter_us: number | null }[],
  fromMs: number,
): number | undefined {
  let total = 0;
  let count = 0;
  for (let i = rows.length - 1; i >= 0 && rows[i]!.time >= fromMs; i--) {
    const us = rows[i]!.jitter_us;
    if (us === null) continue;
    total += us;
    count += 1;
  }
  return count > 0 ? total / count / 1000 : undefined;
}

const difference = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a - b;
const sum = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0);
