/**
 * Takes from numbers what no judgement needs and the store would pay for: a block is quantised once, before it is
 * encoded. Twice gives the same as once. Reasons and figures: docs/decisions/store-codecs.md.
 *
 * Levels (bit rates, jitter, round trip, audio level …) are rounded to 9 significant bits: at most 0.2 % beside, and
 * whole numbers to 511 as they are. Totals of durations and bytes go in steps, always downwards, so that what is left out
 * never adds up. Packets, frames and samples are counted as they were.
 */
import { statsKindsByEvent } from '../../telemetry/stats.ts';
import { type Column, FloatColumn, IntColumn } from './column.ts';

const levels = new Set([
  ...['targetBitrate', 'availableOutgoingBitrate', 'availableIncomingBitrate', 'framesPerSecond'],
  ...['audioLevel', 'fractionLost', 'echoReturnLoss', 'echoReturnLossEnhancement'],
  ...['recvBitrate', 'sendBitrate', 'rtpRecvBitrate', 'rtpSendBitrate', 'rtxRecvBitrate', 'rtxSendBitrate'],
  ...['probationSendBitrate', 'maxIncomingBitrate', 'rtpPacketLossReceived', 'rtpPacketLossSent'],
  ...['bweAvailableBitrate', 'bweAvailableBitrateMin', 'bweDesiredBitrate', 'bweEffectiveDesiredBitrate'],
  ...['bitrate', 'jitter', 'roundTripTime', 'workerAnswerMs', 'pageLateMs'],
]);

/**
 * Sums of a duration over samples or frames, µs, in steps of 2 to the power of this. Audio counts each of 48,000
 * samples a second: 2^24 µs are 0.35 ms of mean delay over one second. 2^12 µs are 0.3 ms for each of 15 frames.
 */
const sums: ReadonlyMap<string, { readonly audio: number; readonly other: number }> = new Map([
  ...['jitterBufferDelay', 'jitterBufferTargetDelay', 'jitterBufferMinimumDelay', 'totalProcessingDelay'].map(
    (member) => [member, { audio: 24, other: 12 }] as const,
  ),
  ['totalAssemblyTime', { audio: 12, other: 12 }],
  ['totalPacketSendDelay', { audio: 12, other: 12 }],
]);

/** What RTCP tells of the other end is measured in 1/65536 s and RTP clock ticks, and sent as microseconds. */
const ofRtcp = 'rtc_stats_remote_inbound_rtp';
const rtcpLevels = new Set(['roundTripTime', 'jitter']);
/** 0.26 ms. */
const rtcpSums = new Map([['totalRoundTripTime', { audio: 8, other: 8 }]]);

/** Moments of single packets, ms: a packet comes every 10 or 20. */
const moments = new Set(['lastPacketReceivedTimestamp', 'remoteTimestamp']);
const momentStep = 16;

/** Bytes that were sent or received are read as rates: 2^4 of them are 128 bit/s over one second. */
const volumes = new Set([
  ...['bytesSent', 'bytesReceived', 'byteCount', 'rtpBytesSent', 'rtpBytesReceived'],
  ...['headerBytesSent', 'headerBytesReceived'],
]);
const volumePower = 4;

const significantBits = 9;
/** Of the 20 bits of a double's significand in its upper word; all in its lower word go. */
const levelShift = 20 - (significantBits - 1);
/** Only audio has it. */
const audioMark = 'total_samples_received';

type Quantise = (column: Column, rows: number, audio: Uint8Array | undefined) => void;

/** By table and column. */
const plans: ReadonlyMap<string, ReadonlyMap<string, Quantise>> = new Map(
  [...statsKindsByEvent.values()].map(({ table, members }) => [
    table,
    new Map(
      members.flatMap(({ member, column, type }): [string, Quantise][] => {
        const rtcp = table === ofRtcp;
        const steps = sums.get(member) ?? (rtcp ? rtcpSums.get(member) : undefined);
        if (type === 'gauge' && levels.has(member)) return [[column, floatLevels]];
        if (type === 'gauge' && moments.has(member)) return [[column, floatMoments]];
        if (type === 'seconds' && rtcp && rtcpLevels.has(member)) return [[column, intLevels]];
        if (type === 'count' && volumes.has(member)) return [[column, intSums(volumePower, volumePower)]];
        if (type === 'seconds' && steps) return [[column, intSums(steps.audio, steps.other)]];
        return [];
      }),
    ),
  ]),
);

export function quantise(table: string, columns: ReadonlyMap<string, Column>, rows: number): void {
  const mark = columns.get(audioMark);
  const audio = mark instanceof IntColumn ? mark.nulls : undefined;
  for (const [name, one] of plans.get(table) ?? []) {
    const column = columns.get(name);
    if (column?.used) one(column, rows, audio);
  }
}

function floatLevels(column: Column, rows: number): void {
  if (!(column instanceof FloatColumn)) return;
  const { buffer, byteOffset } = column.values;
  const words = new Uint32Array(buffer, byteOffset, rows * 2);
  const half = 1 << (levelShift - 1);
  const mask = -1 << levelShift;
  for (let at = 0; at < words.length; at += 2) {
    words[at] = 0;
    words[at + 1] = (words[at + 1]! + half) & mask;
  }
}

function floatMoments(column: Column, rows: number): void {
  if (!(column instanceof FloatColumn)) return;
  const { values } = column;
  for (let row = 0; row < rows; row++) values[row] = Math.floor(values[row]! / momentStep) * momentStep;
}

/** Beyond 2^31 (36 minutes) as they are. */
function intLevels(column: Column, rows: number): void {
  if (!(column instanceof IntColumn)) return;
  const { values } = column;
  for (let at = 0; at < rows * 2; at += 2) {
    const surplus = 32 - Math.clz32(values[at]!) - significantBits;
    if (surplus <= 0 || surplus > 31 - significantBits || values[at + 1] !== 0) continue;
    values[at] = (values[at]! + (1 << (surplus - 1))) & (-1 << surplus);
  }
}

function intSums(audioPower: number, otherPower: number): Quantise {
  const audioMask = -1 << audioPower;
  const otherMask = -1 << otherPower;
  return (column, rows, audio) => {
    if (!(column instanceof IntColumn)) return;
    const { values } = column;
    for (let row = 0; row < rows; row++) values[row * 2]! &= audio?.[row] === 0 ? audioMask : otherMask;
  };
}
