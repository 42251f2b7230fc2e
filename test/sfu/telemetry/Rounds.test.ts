import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Rounds } from '../../../sfu/telemetry/Rounds.ts';

let rounds: Rounds;

beforeEach(() => {
  vi.useFakeTimers();
  rounds = new Rounds();
});

afterEach(() => {
  rounds.stop();
  vi.useRealTimers();
});

test('every room is asked about once a second, from within its first one on', () => {
  const passes = Array.from({ length: 10 }, () => vi.fn<() => void>());
  for (const pass of passes) rounds.add(pass);
  vi.advanceTimersByTime(1_000);
  expect(passes.map(({ mock }) => mock.calls.length)).toEqual(Array(10).fill(1));
  vi.advanceTimersByTime(5_000);
  expect(passes.map(({ mock }) => mock.calls.length)).toEqual(Array(10).fill(6));
});

test('rooms are spread over the rounds evenly, and those of one round are asked about together', () => {
  const askedAtMs: number[] = [];
  for (let room = 0; room < 8; room++) rounds.add(() => askedAtMs.push(Date.now()));
  vi.advanceTimersByTime(1_000);
  const times = [...new Set(askedAtMs)];
  expect(times).toHaveLength(4);
  for (const time of times) expect(askedAtMs.filter((atMs) => atMs === time)).toHaveLength(2);
});

test('a room that closed is not asked about, and the next one takes its place', () => {
  const [closed, later] = [vi.fn<() => void>(), vi.fn<() => void>()];
  const leave = rounds.add(closed);
  for (let room = 0; room < 3; room++) rounds.add(() => {});
  leave();
  rounds.add(later);
  vi.advanceTimersByTime(250);
  expect(closed).not.toHaveBeenCalled();
  expect(later).toHaveBeenCalledOnce();
});

test('nothing is asked of a worker that is gone', () => {
  const pass = vi.fn<() => void>();
  rounds.add(pass);
  rounds.stop();
  vi.advanceTimersByTime(3_000);
  expect(pass).not.toHaveBeenCalled();
});
