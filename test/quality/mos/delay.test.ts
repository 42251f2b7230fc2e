import { describe, expect, it } from 'vitest';
import { countedDelay, delayAtSfu, mouthToEar } from '../../../quality/mos/delay.ts';

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

describe('the delay that counts', () => {
  const parts = { uplinkMs: 30, downlinkMs: 50, jitterBufferMs: 80 };

  it.each([
    ['what was told', { ...parts, delayMs: 200 }, { ms: 200, kind: 'told', missing: [] }],
    [
      'the sum of the parts',
      parts,
      { ms: 237.5, kind: 'summed', missing: ['captureMs', 'sfuMs', 'playoutMs'] },
    ],
    [
      'what is known, as a lower bound',
      { uplinkMs: 30, jitterBufferMs: 80 },
      { ms: 110, kind: 'bound', missing: ['delayMs'] },
    ],
  ])('is %s', (_, input, counted) => {
    expect(countedDelay(input)).toEqual(counted);
  });

  it('at the SFU is what lies behind the media, and unknown without the uplink', () => {
    expect(delayAtSfu({ uplinkMs: 30 }, false)).toBe(76.5);
    expect(delayAtSfu({ uplinkMs: 30, sfuMs: 4 }, true)).toBe(80.5);
    expect(delayAtSfu({}, true)).toBeUndefined();
  });
});
