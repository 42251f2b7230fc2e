/**
 * The parameters that the command line takes for each model: symbol, unit, default and range.
 *
 * Two ranges: outside of `min`..`max` a value means nothing and is refused. `table` is the range for which
 * the Recommendation answers (G.107 Table 3); beyond it the formula still computes, and a warning says so.
 */

import { g107Defaults } from './g107.ts';
import { g1071Defaults } from './g107-1.ts';
import { g1072Defaults } from './g107-2.ts';

export interface NumberParameter {
  readonly name: string;
  readonly unit: string;
  readonly what: string;
  readonly min: number;
  readonly max: number;
  readonly table?: readonly [number, number];
  readonly default?: number;
}

type Range = Omit<NumberParameter, 'name' | 'default'>;

const slr: Range = { unit: 'dB', what: 'send loudness rating', min: -50, max: 50, table: [0, 18] };
const rlr: Range = { unit: 'dB', what: 'receive loudness rating', min: -50, max: 50, table: [-5, 14] };
const telr: Range = { unit: 'dB', what: 'talker echo loudness rating', min: 0, max: 200, table: [5, 65] };
const wepl: Range = { unit: 'dB', what: 'weighted echo path loss', min: 0, max: 200, table: [5, 110] };
const t: Range = {
  unit: 'ms',
  what: 'mean one-way delay of the echo path',
  min: 0,
  max: 10_000,
  table: [0, 500],
};
const tr: Range = {
  unit: 'ms',
  what: 'round-trip delay in a 4-wire loop',
  min: 0,
  max: 20_000,
  table: [0, 1000],
};
const ta: Range = {
  unit: 'ms',
  what: 'absolute one-way delay, mouth to ear',
  min: 0,
  max: 10_000,
  table: [0, 500],
};
const ppl: Range = {
  unit: '%',
  what: 'packet-loss probability in percent',
  min: 0,
  max: 100,
  table: [0, 20],
};
const burstr: Range = {
  unit: '',
  what: 'burst ratio, 1 is random loss',
  min: 1,
  max: 1000,
  table: [1, 8],
};
const a: Range = { unit: '', what: 'advantage factor', min: 0, max: 20, table: [0, 20] };
const st: Range = { unit: '', what: 'delay sensitivity', min: 0.1, max: 1, table: [0.4, 1] };
const mt: Range = { unit: 'ms', what: 'minimum perceivable delay', min: 1, max: 500, table: [20, 120] };
const bpl: Range = { unit: '', what: 'packet-loss robustness factor', min: 0.1, max: 100, table: [4.3, 40] };
const ie = (max: number, table: readonly [number, number]): Range => ({
  unit: '',
  what: 'equipment impairment factor',
  min: 0,
  max,
  table,
});

const g107Ranges: Record<keyof typeof g107Defaults, Range> = {
  slr,
  rlr,
  stmr: { unit: 'dB', what: 'sidetone masking rating', min: -50, max: 100, table: [10, 20] },
  lstr: { unit: 'dB', what: 'listener sidetone rating (stmr + dr)', min: -50, max: 100, table: [13, 23] },
  ds: { unit: 'dB', what: 'D-value of telephone, send side', min: -20, max: 20, table: [-3, 3] },
  dr: { unit: 'dB', what: 'D-value of telephone, receive side', min: -20, max: 20, table: [-3, 3] },
  telr,
  wepl,
  t,
  tr,
  ta,
  qdu: { unit: '', what: 'quantisation distortion units', min: 1, max: 1000, table: [1, 14] },
  ie: ie(95, [0, 40]),
  bpl,
  ppl,
  burstr,
  nc: { unit: 'dBm0p', what: 'circuit noise at the 0 dBr point', min: -120, max: 0, table: [-80, -40] },
  nfor: { unit: 'dBmp', what: 'noise floor at the receive side', min: -120, max: 0 },
  ps: { unit: 'dB(A)', what: 'room noise, send side', min: 0, max: 140, table: [35, 85] },
  pr: { unit: 'dB(A)', what: 'room noise, receive side', min: 0, max: 140, table: [35, 85] },
  a,
  st,
  mt,
};

const g1071Ranges: Record<keyof typeof g1071Defaults, Range> = {
  rlr,
  telr,
  wepl,
  t,
  tr,
  ta,
  ie: ie(95, [0, 95]),
  bpl,
  ppl,
  burstr,
  a,
  st,
  mt,
};

const g1072Ranges: Record<keyof typeof g1072Defaults, Range> = {
  ta,
  ie: ie(132, [0, 132]),
  bpl,
  ppl,
  burstr,
  a,
  st,
  mt,
};

function withDefaults(
  ranges: Record<string, Range>,
  defaults: Record<string, number>,
): readonly NumberParameter[] {
  return Object.entries(ranges).map(([name, range]) => ({ name, ...range, default: defaults[name] }));
}

/** lstr has no default of its own: it follows from stmr and dr unless it is given. */
export const g107Parameters = withDefaults(g107Ranges, { ...g107Defaults });
export const g1071Parameters = withDefaults(g1071Ranges, { ...g1071Defaults });
export const g1072Parameters = withDefaults(g1072Ranges, { ...g1072Defaults });

export const opusParameters: readonly NumberParameter[] = [
  {
    name: 'bitrateBps',
    unit: 'bit/s',
    what: 'bitrate the encoder was told',
    min: 6000,
    max: 510_000,
    table: [16_000, 40_000],
    default: 32_000,
  },
  { name: 'ppl', ...ppl, default: 0 },
  { name: 'burstr', ...burstr, table: [1, 2], default: 1 },
  { name: 'ta', ...ta, default: 0 },
  { name: 'a', ...a, default: 0 },
  { name: 'st', ...st, default: 1 },
  { name: 'mt', ...mt, default: 100 },
];

export const videoParameters: readonly NumberParameter[] = [
  { name: 'durationMs', unit: 'ms', what: 'length of the window', min: 1000, max: 600_000, default: 5000 },
  { name: 'bitrateBps', unit: 'bit/s', what: 'payload bitrate', min: 0, max: 1e9 },
  { name: 'frameWidth', unit: 'px', what: 'width of the frames', min: 1, max: 16_384 },
  { name: 'frameHeight', unit: 'px', what: 'height of the frames', min: 1, max: 16_384 },
  { name: 'framesPerSecond', unit: '1/s', what: 'frame rate, frozen time included', min: 0, max: 240 },
  { name: 'expectedFramesPerSecond', unit: '1/s', what: "the sender's frame rate", min: 0, max: 240 },
  { name: 'expectedWidth', unit: 'px', what: 'width that was asked for', min: 1, max: 16_384 },
  { name: 'expectedHeight', unit: 'px', what: 'height that was asked for', min: 1, max: 16_384 },
  { name: 'frozenMs', unit: 'ms', what: 'time without a new frame', min: 0, max: 600_000 },
  { name: 'qpAverage', unit: '', what: "mean quantiser, codec's own scale", min: 0, max: 255 },
  { name: 'lossRatio', unit: '0..1', what: 'unrepaired loss as a fraction', min: 0, max: 1 },
  { name: 'delayMs', unit: 'ms', what: 'one-way delay, capture to display', min: 0, max: 10_000 },
];
