/** Counters and gauges of many streams, brought into equal steps of time. */
import type { Steps } from './series.ts';

interface StreamRow {
  readonly transport_id: string;
  readonly stat_id: string;
  readonly time: number;
}

/** Two samples further apart than this have a gap between them, of which nothing is known. */
const longestGapMs = 30_000;

/** Per step: the sum over streams, how much of the step is covered, and in how many streams' worth of time. */
export class StepSums {
  readonly #steps: Steps;
  readonly #sum: Float64Array;
  /** Time of the step that the best known stream covers, ms. */
  readonly #covered: Float64Array;
  /** The same, over all streams. */
  readonly #streamMs: Float64Array;

  private constructor(steps: Steps) {
    this.#steps = steps;
    this.#sum = new Float64Array(steps.steps);
    this.#covered = new Float64Array(steps.steps);
    this.#streamMs = new Float64Array(steps.steps);
  }

  /** A reset (a smaller value than before) begins a new count; nothing is known of the time before it. */
  static ofCounter<R extends StreamRow>(
    rows: readonly R[],
    of: (row: R) => number | null,
    steps: Steps,
  ): StepSums {
    const sums = new StepSums(steps);
    for (const stream of streamsOf(rows)) {
      const covered = new Float64Array(steps.steps);
      let before: { time: number; value: number } | undefined;
      for (const row of stream) {
        const value = of(row);
        if (value === null) continue;
        if (
          before &&
          row.time > before.time &&
          row.time - before.time <= longestGapMs &&
          value >= before.value
        ) {
          sums.#spread(before.time, row.time, value - before.value, covered);
        }
        before = { time: row.time, value };
      }
      sums.#cover(covered);
    }
    return sums;
  }

  /** A value holds from its sample until the next. `max` and `min` over streams and time, or the mean. */
  static ofGauge<R extends StreamRow>(
    rows: readonly R[],
    of: (row: R) => number | null,
    pick: 'max' | 'min' | 'mean',
    steps: Steps,
  ): { values(factor: number): (number | null)[] } {
    const best = new Float64Array(steps.steps).fill(Number.NaN);
    const count = new Float64Array(steps.steps);
    const take = (step: number, value: number) => {
      if (step < 0 || step >= steps.steps) return;
      const known = best[step]!;
      if (Number.isNaN(known)) best[step] = value;
      else
        best[step] =
          pick === 'max' ? Math.max(known, value) : pick === 'min' ? Math.min(known, value) : known + value;
      count[step]!++;
    };
    for (const stream of streamsOf(rows)) {
      for (let index = 0; index < stream.length; index++) {
        const value = of(stream[index]!);
        if (value === null) continue;
        const first = stepOf(steps, stream[index]!.time);
        const next = stream[index + 1];
        const until =
          next && next.time - stream[index]!.time <= longestGapMs ? stepOf(steps, next.time) : first + 1;
        take(first, value);
        for (let step = first + 1; step < until; step++) take(step, value);
      }
    }
    return {
      values: (factor) =>
        Array.from(best, (value, step) =>
          Number.isNaN(value) ? null : digits((pick === 'mean' ? value / count[step]! : value) * factor),
        ),
    };
  }

  /** Sum of all streams, per second of time that is known. */
  perSecond(factor = 1): (number | null)[] {
    return this.#each((step) => ((this.#sum[step]! * 1000) / this.#covered[step]!) * factor);
  }

  /** Mean of the streams, per second. */
  meanPerSecond(factor = 1): (number | null)[] {
    return this.#each((step) => ((this.#sum[step]! * 1000) / this.#streamMs[step]!) * factor);
  }

  /** This part of this and the other together. */
  shareOf(rest: StepSums, factor: number): (number | null)[] {
    return this.#each((step) => {
      const all = this.#sum[step]! + rest.#sum[step]!;
      return all <= 0 ? 0 : (this.#sum[step]! / all) * factor;
    });
  }

  /** null where the other did not move. */
  ratioTo(whole: StepSums, factor: number): (number | null)[] {
    return this.#each((step) => {
      const all = whole.#sum[step]!;
      return all <= 0 ? Number.NaN : (this.#sum[step]! / all) * factor;
    });
  }

  #each(value: (step: number) => number): (number | null)[] {
    return Array.from(this.#sum, (_, step) => {
      if (this.#covered[step] === 0) return null;
      const found = value(step);
      return Number.isFinite(found) ? digits(found) : null;
    });
  }

  #spread(fromMs: number, toMs: number, amount: number, covered: Float64Array): void {
    const { stepMs, steps } = this.#steps;
    const first = Math.max(0, stepOf(this.#steps, fromMs));
    const last = Math.min(steps - 1, stepOf(this.#steps, toMs));
    const length = toMs - fromMs;
    for (let step = first; step <= last; step++) {
      const start = this.#steps.from + step * stepMs;
      const overlap = Math.min(toMs, start + stepMs) - Math.max(fromMs, start);
      if (overlap <= 0) continue;
      this.#sum[step]! += (amount * overlap) / length;
      covered[step]! += overlap;
    }
  }

  #cover(own: Float64Array): void {
    for (let step = 0; step < own.length; step++) {
      this.#covered[step] = Math.max(this.#covered[step]!, own[step]!);
      this.#streamMs[step]! += own[step]!;
    }
  }
}

const stepOf = (steps: Steps, time: number): number => Math.floor((time - steps.from) / steps.stepMs);

const grouped = new WeakMap<readonly StreamRow[], StreamRow[][]>();

/** Rows by stream, each in order of time. Found once for rows of which many counters and gauges are asked. */
function streamsOf<R extends StreamRow>(rows: readonly R[]): R[][] {
  const known = grouped.get(rows) as R[][] | undefined;
  if (known) return known;
  const streams = Map.groupBy(rows, (row) => `${row.transport_id}\n${row.stat_id}`);
  const found = [...streams.values()].map((own) => own.sort((a, b) => a.time - b.time));
  grouped.set(rows, found);
  return found;
}

const digits = (value: number): number => Number(value.toPrecision(4));
