import { afterEach, expect, test } from 'vitest';
import { WorkerPulse } from '../../sfu/WorkerPulse.ts';

let nowMs = 0;
let answer: (() => void) | undefined;
const worker = {
  getResourceUsage: () =>
    new Promise<never>((resolve) => {
      answer = () => resolve({} as never);
    }),
};
let pulse: WorkerPulse;
const start = () => {
  nowMs = 10_000;
  pulse = new WorkerPulse(worker, () => nowMs);
};
afterEach(() => pulse.stop());

test('knows nothing before the first answer but how long it has waited', async () => {
  start();
  expect(pulse.answerMs).toBeNull();
  const asked = pulse.ask();
  nowMs += 300;
  expect(pulse.answerMs).toBe(300);
  answer!();
  await asked;
  expect(pulse.answerMs).toBe(300);
});

test('the longest of the last second counts, and is forgotten after it', async () => {
  start();
  for (const tookMs of [250, 5]) {
    const asked = pulse.ask();
    nowMs += tookMs;
    answer!();
    await asked;
  }
  expect(pulse.answerMs).toBe(250);
  nowMs += 1_199;
  const asked = pulse.ask();
  answer!();
  await asked;
  expect(pulse.answerMs).toBe(5);
});

test('a worker that is gone ends it without an error', async () => {
  start();
  pulse.stop();
  pulse = new WorkerPulse({ getResourceUsage: () => Promise.reject(new Error('closed')) }, () => nowMs);
  await pulse.ask();
  expect(pulse.answerMs).toBeNull();
});
