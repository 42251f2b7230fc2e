/**
 * What a page shows of the scores, from their rows: the same sums as the queries cells.sql and
 * received-minutes.sql make in the store, for calls that are not there. A test holds the two together.
 */
import { type BadWindow, badMos } from '../../quality/verdict/symptoms.ts';
import type { StreamScoreRow } from '../../telemetry/rows.ts';
import type { CallPage, Cell, Mean, Strip } from '../contract.ts';

/** Steps of a strip: as many as a laptop's width can tell apart. */
const stripSteps = 240;
const windowMs = 5_000;
/** More bad windows than this are not needed to tell who suffered when. */
export const mostBadWindows = 20_000;

/** A whole number of windows. */
const stripStepMs = (from: number, to: number): number =>
  Math.max(1, Math.ceil((to - from) / stripSteps / windowMs)) * windowMs;

/** As exactly as a strip can show it. */
const stripMos = (mos: number | null): number | null => mos && Math.round(mos * 100) / 100;

export const received = (rows: readonly StreamScoreRow[]): StreamScoreRow[] =>
  rows.filter((row) => row.point === 'receiver');

export function cellsOf(rows: readonly StreamScoreRow[]): Cell[] {
  const groups = Map.groupBy(received(rows), (r) =>
    [r.sender_id, r.receiver_id, r.kind, r.source].join('\n'),
  );
  return [...groups.values()].map((own): Cell => {
    const first = own[0]!;
    const scored = own.filter((r) => r.mos !== null);
    const reasons = Map.groupBy(
      own.filter((r) => r.mos === null),
      (r) => r.unclassified,
    );
    const reason = [...reasons].sort(([, a], [, b]) => b.length - a.length)[0]?.[0] ?? '';
    return {
      senderId: first.sender_id,
      receiverId: first.receiver_id,
      kind: first.kind,
      source: first.source,
      producerIds: [...new Set(own.map((r) => r.producer_id))].sort(),
      mos: mean(scored.map((r) => r.mos)),
      worst: scored.length === 0 ? null : Math.min(...scored.map((r) => r.mos!)),
      badMs: sum(scored.filter((r) => r.mos! < badMos)),
      scoredMs: sum(scored),
      unscoredMs: sum(own.filter((r) => r.mos === null)),
      unclassified: reason,
      lossRatio: mean(own.map((r) => r.loss_ratio)),
      delayMs: mean(own.map((r) => r.delay_ms)),
    };
  });
}

/** Windows of what one participant received of one kind: when each began, epoch ms, and its score. */
export interface ReceivedScores extends Pick<BadWindow, 'receiverId' | 'kind'> {
  readonly scores: readonly (readonly [start: number, mos: number | null])[];
}

/** The worst score in each of some equal steps. */
export function stripsOf(all: readonly ReceivedScores[], from: number, to: number): CallPage['strips'] {
  const stepMs = stripStepMs(from, to);
  const steps = Math.max(1, Math.ceil((to - from) / stepMs));
  const groups = Map.groupBy(all, ({ receiverId, kind }) => `${receiverId}\n${kind}`);
  const rows = [...groups.values()].map((own): Strip => {
    const worst = new Array<number | null>(steps).fill(null);
    for (const { scores } of own) {
      for (const [start, mos] of scores) {
        const step = Math.floor((start - from) / stepMs);
        if (mos !== null && step >= 0 && step < steps) worst[step] = Math.min(worst[step] ?? 5, mos);
      }
    }
    return { participantId: own[0]!.receiverId, kind: own[0]!.kind, mos: worst.map(stripMos) };
  });
  return { from, stepMs, rows };
}

export const receivedScores = (rows: readonly StreamScoreRow[]): ReceivedScores[] =>
  received(rows).map(({ receiver_id: receiverId, kind, window_start, mos }) => ({
    receiverId,
    kind,
    scores: [[window_start, mos]],
  }));

export function badWindowsOf(rows: readonly StreamScoreRow[]): BadWindow[] {
  return received(rows)
    .filter((row) => row.mos !== null && row.mos < badMos)
    .slice(0, mostBadWindows)
    .map((row) => ({
      start: row.window_start,
      windowMs: row.window_ms,
      receiverId: row.receiver_id,
      senderId: row.sender_id,
      kind: row.kind,
      mos: row.mos!,
      concealedRatio: row.concealed_ratio,
      frozenMs: row.frozen_ms,
      framesPerSecond: row.frames_per_second,
      frameHeight: row.frame_height,
      delayMs: row.delay_ms,
    }));
}

/** What one person received: mean, and the worst minute of any stream; as participant-summary.sql has it. */
export function heard(rows: readonly StreamScoreRow[], receiverId: string, kind: Cell['kind']): Mean {
  const own = rows.filter((r) => r.receiver_id === receiverId && r.kind === kind && r.mos !== null);
  const minutes = Map.groupBy(own, (r) => `${r.consumer_id} ${Math.floor(r.window_start / 60_000)}`);
  const means = [...minutes.values()].map((m) => ({ mos: mean(m.map((r) => r.mos))!, ms: sum(m) }));
  const whole = means.filter((m) => m.ms >= 30_000);
  const counted = whole.length > 0 ? whole : means;
  return {
    mean: mean(own.map((r) => r.mos)),
    worstMinute: counted.length === 0 ? null : Math.min(...counted.map((m) => m.mos)),
  };
}

export function badRatio(rows: readonly StreamScoreRow[], receiverId: string): number | null {
  return mean(
    rows.filter((r) => r.receiver_id === receiverId && r.mos !== null).map((r) => (r.mos! < badMos ? 1 : 0)),
  );
}

export function mean(values: readonly (number | null)[]): number | null {
  let total = 0;
  let count = 0;
  for (const value of values) {
    if (value === null) continue;
    total += value;
    count++;
  }
  return count === 0 ? null : total / count;
}

const sum = (rows: readonly StreamScoreRow[]): number => rows.reduce((ms, row) => ms + row.window_ms, 0);
