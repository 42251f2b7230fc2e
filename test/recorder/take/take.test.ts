import { describe, expect, test } from 'vitest';
import { Feedback } from '../../../recorder/take/feedback.ts';
import { endsBefore, isVoice } from '../../../recorder/take/pieces.ts';

describe('feedback', () => {
  test('what is missing is asked for, and not once it came', () => {
    const feedback = new Feedback(7, false);
    for (const sequence of [65_534, 1, 3]) feedback.received(sequence, 0);
    expect(feedback.due(10)).toEqual([]);
    const [nack] = feedback.due(30);
    // RFC 4585, 6.2.1: transport-layer feedback, generic NACK; 65535 with the next (0) and the third after it (2)
    expect(nack?.toString('hex')).toBe('81cd00030000000100000007ffff0005');
    feedback.received(65_535, 40);
    feedback.received(0, 40);
    feedback.received(2, 40);
    expect(feedback.due(200)).toEqual([]);
    expect(feedback.lost).toBe(0);
  });

  test('a picture that stays broken asks for a key frame, once a second', () => {
    const feedback = new Feedback(7, true);
    feedback.received(1, 0);
    feedback.received(3, 0);
    const types: number[] = [];
    for (let nowMs = 50; nowMs < 1_500; nowMs += 50) {
      if (nowMs === 900) feedback.received(5, nowMs);
      types.push(...feedback.due(nowMs).map((packet) => packet[1]!));
    }
    expect(types.filter((type) => type === 206)).toHaveLength(1);
    expect(feedback.lost).toBeGreaterThanOrEqual(1);
  });
});

describe('pieces of speech', () => {
  const spoken = { beganAtMs: 0, lastVoiceAtMs: 0 };
  test.each([
    ['in a pause after eight seconds', { ...spoken, lastVoiceAtMs: 8_000 }, 8_500, true],
    ['not in a pause before', { ...spoken, lastVoiceAtMs: 5_000 }, 6_000, false],
    ['not while somebody speaks', { ...spoken, lastVoiceAtMs: 12_000 }, 12_020, false],
    ['after twenty seconds whatever is said', { ...spoken, lastVoiceAtMs: 20_000 }, 20_000, true],
  ])('end %s', (_, state, nowMs, ends) => {
    expect(endsBefore(state, nowMs, 1_000, true)).toBe(ends);
  });

  test('a picture is cut by size and by the minute', () => {
    expect(endsBefore(spoken, 59_000, 1_000, false)).toBe(false);
    expect(endsBefore(spoken, 60_000, 1_000, false)).toBe(true);
    expect(endsBefore(spoken, 100, 9_000_000, false)).toBe(true);
  });

  test('silence is no voice', () => {
    expect(isVoice(null, 3)).toBe(false);
    expect(isVoice(127, 60)).toBe(false);
    expect(isVoice(30, 60)).toBe(true);
    expect(isVoice(null, 60)).toBe(true);
  });
});
