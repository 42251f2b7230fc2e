import { describe, expect, it } from 'vitest';
import { questionOf } from '../../../inspector/calls/question.ts';

const now = Date.UTC(2026, 10, 25, 14, 30);
const hour = 3_600_000;
const day = 24 * hour;

describe('what somebody types', () => {
  it('is words, all of which are looked for, over the last month', () => {
    expect(questionOf('Ana  demo-room', now)).toMatchObject({
      words: ['ana', 'demo-room'],
      from: now - 31 * day,
      quality: '',
    });
  });
  it('keeps what stands in quotes together', () => {
    expect(questionOf('"bad wolf"', now)).toMatchObject({ words: ['bad', 'wolf'], quality: '' });
  });
  it.each([
    ['today', Date.UTC(2026, 10, 25), day],
    ['yesterday', Date.UTC(2026, 10, 24), day],
    ['2026-11-20', Date.UTC(2026, 10, 20), day],
    ['yesterday 10:02', Date.UTC(2026, 10, 24, 9, 47), hour / 2],
    ['10:02', Date.UTC(2026, 10, 25, 9, 47), hour / 2],
    ['23:00', Date.UTC(2026, 10, 24, 22, 45), hour / 2],
  ])('takes %s as a time', (typed, from, length) => {
    const question = questionOf(typed, now);
    expect(question).toMatchObject({ from, to: from + length, words: [] });
  });
  it('means times of the clock of who asks', () => {
    expect(questionOf('today', now, 120).from).toBe(Date.UTC(2026, 10, 24, 22));
    expect(questionOf('10:02', now, 120).from).toBe(Date.UTC(2026, 10, 25, 7, 47));
  });
  it.each([
    ['last 2h', 2 * hour],
    ['30min', hour / 2],
    ['3d', 3 * day],
  ])('takes %s as a span back', (typed, span) => {
    expect(questionOf(typed, now)).toMatchObject({ from: now - span, words: [] });
  });
  it('knows qualities, what goes on, and what people call things', () => {
    expect(questionOf('bad ana', now)).toMatchObject({ quality: 'bad', words: ['ana'] });
    expect(questionOf('live', now)).toMatchObject({ live: true, words: [] });
    expect(questionOf('kind:audio_concealment', now).words).toEqual(['audio', 'concealment']);
    expect(questionOf('choppy', now).words).toEqual(['concealment']);
  });
  it('is bounded, whatever it is', () => {
    const { words } = questionOf('x '.repeat(10_000), now);
    expect(words.length).toBeLessThanOrEqual(12);
    expect(questionOf('constructor __proto__ quality:toString', now).quality).toBe('');
    expect(
      questionOf('9999-99-99', now).words.length + questionOf('9999-99-99', now).understood.length,
    ).toBeGreaterThan(0);
  });
});
