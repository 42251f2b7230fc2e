/**
 * Things to do at a time, many a second, by one timer: a binary min-heap ordered by time, then by arrival.
 *
 * Node's timers tick in whole milliseconds. Waiting for the rounded time and doing what is due within half a
 * millisecond keeps the error around ±1 ms without bias and without spinning, which would take a core from the
 * calls under test.
 */

export interface Schedule<T> {
  add(atMs: number, item: T): void;
  readonly size: number;
  /** Forgets everything. */
  clear(): void;
}

interface Entry<T> {
  atMs: number;
  order: number;
  item: T;
}

/** What is due this soon is done now. */
const toleranceMs = 0.5;

/** @param clock milliseconds on the clock that `add` speaks of; `performance.now` in the relay */
export function createSchedule<T>(run: (item: T) => void, clock: () => number): Schedule<T> {
  const heap: Entry<T>[] = [];
  let order = 0;
  let timer: NodeJS.Timeout | undefined;
  let timerAtMs = Number.POSITIVE_INFINITY;

  function arm() {
    const first = heap[0];
    if (!first || first.atMs >= timerAtMs) return;
    clearTimeout(timer);
    timerAtMs = first.atMs;
    timer = setTimeout(tick, Math.max(1, Math.round(first.atMs - clock())));
  }

  function tick() {
    timerAtMs = Number.POSITIVE_INFINITY;
    const dueMs = clock() + toleranceMs;
    while (heap[0] && heap[0].atMs <= dueMs) run(pop(heap).item);
    arm();
  }

  return {
    add(atMs, item) {
      push(heap, { atMs, order: order++, item });
      arm();
    },
    get size() {
      return heap.length;
    },
    clear() {
      clearTimeout(timer);
      timerAtMs = Number.POSITIVE_INFINITY;
      heap.length = 0;
    },
  };
}

const before = (a: Entry<unknown>, b: Entry<unknown>) =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

function push<T>(heap: Entry<T>[], entry: Entry<T>): void {
  let at = heap.length;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!before(entry, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = entry;
}

function pop<T>(heap: Entry<T>[]): Entry<T> {
  const first = heap[0]!;
  const last = heap.pop()!;
  const size = heap.length;
  if (size > 0) {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
  return first;
}
