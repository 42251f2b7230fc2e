/**
 * What the people of a call went through from its fault on, from their own clients' samples: seconds that pictures stood
 * or were held back, seconds of bad sound, and how long after the fault their pictures were as large again as before. Pure.
 */
import { overlapsIn, type Span as Within } from '../../quality/counters.ts';
import { sinceProgressMs } from '../../quality/features/trailing.ts';
import { frozenMs } from '../../quality/freezes.ts';
import type { CallSamples, Sample } from '../../quality/samples.ts';

export interface Suffered {
  /** Pictures that stood and said nothing of it; of all pictures of all who are asked about, added up. */
  readonly frozenSeconds: number;
  /** Pictures that the SFU held back by a decision, and the page said so; added up. */
  readonly withheldSeconds: number;
  /** Seconds in which over a tenth of the sound that a person heard was made up, added up over them. */
  readonly badAudioSeconds: number;
  /** From the fault's end until every picture moves at its height of before for good; null: not by the call's end. */
  readonly recoverMs: number | null;
}

export interface Span {
  readonly onsetMs: number;
  readonly faultEndMs: number;
  readonly endMs: number;
}

/** Of all samples played, silence not counted; from here on words are lost. */
const badShare = 0.1;
/** The height before the fault is that of most of its last samples. */
const beforeMs = 6_000;
/** Without a frame for so long a picture stands. */
const standsMs = 1_500;

/** @param receivers participant ids; what they send does not count */
export function suffered(samples: CallSamples, receivers: ReadonlySet<string>, span: Span): Suffered {
  const heard = samples.inbound_rtp.filter((s) => receivers.has(s.participant_id));
  const streams = [
    ...Map.groupBy(heard, (s) => `${s.participant_id} ${s.transport_id} ${s.stat_id}`).values(),
  ];
  const videos = streams.filter((rows) => rows[0]!.kind === 'video');
  const sounds = Map.groupBy(
    streams.filter((rows) => rows[0]!.kind === 'audio'),
    (rows) => rows[0]!.participant_id,
  );
  const within = { fromMs: span.onsetMs, toMs: span.endMs };
  const consumers = Map.groupBy(samples.sfu_consumer, (s) => s.consumer_id);
  let frozen = 0;
  let withheld = 0;
  for (const rows of videos) {
    const sent = consumers.get(rows[0]!.consumer_id) ?? [];
    const off = spansOf(sent, (s) => s.paused === true || s.producer_paused === true, within);
    for (const shown of between(off, within)) frozen += frozenMs(rows, shown) ?? 0;
    const held = spansOf(sent, (s) => s.paused === true && s.producer_paused !== true, within);
    withheld += held.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  }
  const bad = [...sounds.values()].reduce((sum, of) => sum + badAudioMs(of, within), 0);
  return {
    frozenSeconds: round(frozen / 1000),
    withheldSeconds: round(withheld / 1000),
    badAudioSeconds: round(bad / 1000),
    recoverMs: recoverMs(videos, span),
  };
}

/** From each sample that is so to the next that is not. */
function spansOf<S extends { readonly time: number }>(
  samples: readonly S[],
  so: (s: S) => boolean,
  within: Within,
): Within[] {
  const spans: Within[] = [];
  for (const [i, sample] of samples.entries()) {
    if (!so(sample)) continue;
    const fromMs = Math.max(within.fromMs, sample.time);
    const toMs = Math.min(within.toMs, samples[i + 1]?.time ?? within.toMs);
    if (toMs > fromMs) spans.push({ fromMs, toMs });
  }
  return spans;
}

/** @param spans in order of time, none over another */
function between(spans: readonly Within[], { fromMs, toMs }: Within): Within[] {
  const gaps: Within[] = [];
  let at = fromMs;
  for (const one of spans) {
    if (one.fromMs > at) gaps.push({ fromMs: at, toMs: one.fromMs });
    at = one.toMs;
  }
  if (toMs > at) gaps.push({ fromMs: at, toMs });
  return gaps;
}

/** One person's: in each interval between two samples all sounds that were played in it count together. */
function badAudioMs(sounds: readonly (readonly Sample<'inbound_rtp'>[])[], within: Within): number {
  const intervals = new Map<number, { ms: number; played: number; madeUp: number }>();
  for (const rows of sounds) {
    for (const { before, after, gapMs } of overlapsIn(rows, within)) {
      const second = Math.floor(after.time / 1000);
      const known = intervals.get(second) ?? { ms: 0, played: 0, madeUp: 0 };
      const grown = (pick: (s: Sample<'inbound_rtp'>) => number | null) =>
        Math.max(0, (pick(after) ?? 0) - (pick(before) ?? 0));
      known.ms = Math.max(known.ms, gapMs);
      known.played += grown((s) => s.total_samples_received);
      known.madeUp += grown((s) => s.concealed_samples) - grown((s) => s.silent_concealed_samples);
      intervals.set(second, known);
    }
  }
  let sumMs = 0;
  for (const { ms, played, madeUp } of intervals.values()) {
    if (played > 0 && madeUp > badShare * played) sumMs += ms;
  }
  return sumMs;
}

function recoverMs(videos: readonly (readonly Sample<'inbound_rtp'>[])[], span: Span): number | null {
  let latestMs = 0;
  for (const rows of videos) {
    const usual = heightBefore(rows, span.onsetMs);
    const after = rows.filter(({ time }) => time > span.onsetMs && time <= span.endMs);
    if (usual === undefined || after.length === 0) continue;
    // The height of one that stands is that of its last frame, however long ago.
    const standsAt = (i: number) =>
      (sinceProgressMs(after.slice(0, i + 1), (row) => row.frames_decoded) ?? 0) >= standsMs;
    const lastLow = after.findLastIndex(({ frame_height }, i) => (frame_height ?? 0) < usual || standsAt(i));
    if (lastLow < 0) continue;
    const back = after[lastLow + 1];
    if (!back) return null;
    latestMs = Math.max(latestMs, back.time - span.faultEndMs);
  }
  return Math.round(Math.max(0, latestMs));
}

function heightBefore(rows: readonly Sample<'inbound_rtp'>[], onsetMs: number): number | undefined {
  const heights = rows
    .filter(({ time, frame_height }) => time <= onsetMs && time > onsetMs - beforeMs && frame_height)
    .map(({ frame_height }) => frame_height!)
    .sort((a, b) => a - b);
  return heights[Math.floor(heights.length / 2)];
}

const round = (seconds: number) => Math.round(seconds * 10) / 10;
