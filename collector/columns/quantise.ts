/**
 * Takes from numbers what no judgement needs and the store would pay for: a block is quantised once, before it is
 * encoded. Twice gives the same as once. Reasons and figures: docs/decisions/store-codecs.md.
 *
 * Levels (bit rates, jitter, round trip, audio level …) keep 11 significant bits, rounded towards zero: at most 0.1 %
 * below, and whole numbers to 2047 as they are. Sums over a receiver's audio samples (seconds of delay times samples) go
 * in steps of 2^22 µs, which is 0.09 ms of mean delay over one second of 48,000 samples; over a longer stretch less.
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
const sums = new Set([
  ...['jitterBufferDelay', 'jitterBufferTargetDelay', 'jitterBufferMinimumDelay', 'totalProcessingDelay'],
]);

/** Of 20 bits of a double's significand in its upper word, the first ten; all in its lower word go. */
const levelMask = 0xffff_fc00;
/** Steps of 2^22. */
const sumMask = 0xffc0_0000;
/** Only audio has it. */
const audioMark = 'total_samples_received';

const levelColumns = new Set<string>();
const sumColumns = new Set<string>();
for (const { members } of statsKindsByEvent.values()) {
  for (const { member, column, type } of members) {
    if (type === 'gauge' && levels.has(member)) levelColumns.add(column);
    if (type === 'seconds' && sums.has(member)) sumColumns.add(column);
  }
}

export function quantise(columns: ReadonlyMap<string, Column>, rows: number): void {
  const audio = columns.get(audioMark);
  for (const [name, column] of columns) {
    if (!column.used) continue;
    if (column instanceof FloatColumn && levelColumns.has(name)) quantiseLevels(column.values, rows);
    else if (column instanceof IntColumn && audio instanceof IntColumn && sumColumns.has(name)) {
      for (let row = 0; row < rows; row++) if (audio.nulls[row] === 0) column.values[row * 2]! &= sumMask;
    }
  }
}

function quantiseLevels(values: Float64Array, rows: number): void {
  const words = new Uint32Array(values.buffer, values.byteOffset, rows * 2);
  for (let at = 0; at < words.length; at += 2) {
    words[at] = 0;
    words[at + 1]! &= levelMask;
  }
}
