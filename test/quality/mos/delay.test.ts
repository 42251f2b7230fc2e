import { describe, expect, it } from 'vitest';
import { mouthToEar } from '../../../quality/mos/delay.ts';

describe('mouth to ear', () => {
  it('is the sum of its parts, not half a round trip', () => {
    const parts = {
      captureMs: 40,
      uplinkMs: 30,
      sfuMs: 2,
      downlinkMs: 50,
      jitterBufferMs: 80,
      playoutMs: 25,
    };
    expect(mouthToEar(parts)).toEqual({ delayMs: 227, assumed: [] });
  });

  it('says what it took for typical', () => {
    const { delayMs, assumed } = mouthToEar({ uplinkMs: 30, downlinkMs: 50, jitterBufferMs: 80 });
    expect(delayMs).toBeGreaterThan(30 + 50 + 80 + 50);
    expect(assumed).toEqual(['captureMs', 'sfuMs', 'playoutMs']);
  });

  it.each(['uplinkMs', 'downlinkMs', 'jitterBufferMs'] as const)('does not guess %s', (missing) => {
    const parts = { uplinkMs: 30, downlinkMs: 50, jitterBufferMs: 80, [missing]: undefined };
    expect(mouthToEar(parts).delayMs).toBeNull();
  });
});
