/** Axes: round ticks for numbers and times. */

/** At most `count` round numbers from low to high, ends included. */
export function ticks(low: number, high: number, count: number): number[] {
  const span = high - low || 1;
  const rough = span / count;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * magnitude).find((one) => one >= rough) ?? rough;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

const timeSteps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440].map((minutes) => minutes * 60_000);

/** At most `count` round moments between two, epoch ms. */
export function timeTicks(fromMs: number, toMs: number, count: number): number[] {
  const step = timeSteps.find((one) => (toMs - fromMs) / one <= count) ?? timeSteps.at(-1)!;
  const first = Math.ceil(fromMs / step) * step;
  const moments: number[] = [];
  for (let ms = first; ms <= toMs; ms += step) moments.push(ms);
  return moments;
}

/** Hours and minutes, UTC. */
export const clock = (ms: number) => new Date(ms).toISOString().slice(11, 16);
