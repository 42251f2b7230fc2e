import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scoreVideo, type VideoInput } from '../../../quality/mos/score.ts';
import { videoFactors } from '../../../quality/mos/video.ts';

const camera: VideoInput = {
  source: 'camera',
  durationMs: 5000,
  codec: 'vp8',
  bitrateBps: 600_000,
  frameWidth: 640,
  frameHeight: 360,
  framesPerSecond: 15,
  expectedFramesPerSecond: 15,
  expectedWidth: 640,
  expectedHeight: 360,
  frozenMs: 0,
  delayMs: 80,
};
const screen: VideoInput = {
  source: 'screen',
  durationMs: 5000,
  codec: 'vp8',
  frameWidth: 1920,
  frameHeight: 1080,
  framesPerSecond: 5,
  expectedFramesPerSecond: 5,
  expectedWidth: 1920,
  expectedHeight: 1080,
  frozenMs: 0,
  delayMs: 80,
  qpAverage: 25,
};
const ofCamera = (change: Partial<VideoInput>) => scoreVideo({ ...camera, ...change }).mos!;
const ofScreen = (change: Partial<VideoInput>) => scoreVideo({ ...screen, ...change }).mos!;

describe('camera score', () => {
  // What a viewer would say, as bounds: these pin the model's shape, not its third digit.
  it.each([
    { what: 'a clean call', change: {}, from: 4.2, to: 4.5 },
    { what: 'a third of the bits', change: { bitrateBps: 200_000 }, from: 3.6, to: 4.2 },
    { what: 'a tenth of the bits', change: { bitrateBps: 60_000 }, from: 1.5, to: 3 },
    { what: 'a low quantiser', change: { qpAverage: 25 }, from: 4.1, to: 4.5 },
    { what: 'the quantiser at which the encoder gives up', change: { qpAverage: 95 }, from: 2.3, to: 3 },
    {
      what: 'half the size',
      change: { frameWidth: 320, frameHeight: 180, bitrateBps: 220_000 },
      from: 3,
      to: 3.7,
    },
    {
      what: 'a quarter of the size',
      change: { frameWidth: 160, frameHeight: 90, bitrateBps: 90_000 },
      from: 2.2,
      to: 3,
    },
    { what: '7 frames per second', change: { framesPerSecond: 7 }, from: 3.1, to: 3.9 },
    { what: '2 frames per second', change: { framesPerSecond: 2 }, from: 1.4, to: 2.5 },
    { what: 'half a second frozen', change: { frozenMs: 500, framesPerSecond: 13.5 }, from: 3.2, to: 3.8 },
    { what: 'half of the time frozen', change: { frozenMs: 2500, framesPerSecond: 7.5 }, from: 1.2, to: 2 },
    { what: 'frozen all the time', change: { frozenMs: 5000, framesPerSecond: 0 }, from: 1, to: 1 },
    { what: '400 ms delay', change: { delayMs: 400 }, from: 3, to: 3.8 },
  ])('of $what', ({ change, from, to }) => {
    expect(ofCamera(change)).toBeGreaterThanOrEqual(from);
    expect(ofCamera(change)).toBeLessThanOrEqual(to);
  });

  it('does not blame the receiver for a sender of 15 frames per second', () => {
    expect(ofCamera({ expectedFramesPerSecond: 30 })).toBeLessThan(ofCamera({}));
  });

  it('does not judge a freeze twice, as frozen time and as frame rate', () => {
    // 15 frames per second while it moved; a fifth of the time it stood.
    const frozen = videoFactors({ ...camera, frozenMs: 1000, framesPerSecond: 12 }).factors;
    const { factors } = videoFactors(camera);
    expect(frozen.smoothness).toBeCloseTo(factors.smoothness, 10);
    expect(frozen.freezes).toBeLessThan(factors.freezes);
  });

  it('gets worse with every second frozen, up to the last frame', () => {
    const nearlyStill = { framesPerSecond: 0.01 };
    expect(ofCamera({ ...nearlyStill, frozenMs: 4850 })).toBeLessThan(
      ofCamera({ ...nearlyStill, frozenMs: 4750 }),
    );
  });

  it('needs fewer bits with a better codec', () => {
    expect(ofCamera({ bitrateBps: 150_000, codec: 'av1' })).toBeGreaterThan(
      ofCamera({ bitrateBps: 150_000 }),
    );
  });

  it('prefers the quantiser to the bits and says what was missing', () => {
    const score = scoreVideo({ ...camera, qpAverage: 30 });
    expect(scoreVideo({ ...camera, qpAverage: 30, bitrateBps: 100_000 }).mos).toBe(score.mos);
    expect(score.missing).toEqual([]);
    expect(score).toMatchObject({ scale: 'video', model: 'callscope-video@1' });
    expect(scoreVideo(camera).missing).toEqual(['qpAverage']);
    expect(scoreVideo(camera).confidence).toBeLessThan(score.confidence);
  });

  it('minds loss more where freezes cannot be seen', () => {
    expect(ofCamera({ lossRatio: 0.1, frozenMs: undefined })).toBeLessThan(ofCamera({ lossRatio: 0.1 }));
  });
});

describe('screen share score', () => {
  it('is full at 5 frames per second, where a camera is not', () => {
    expect(ofScreen({})).toBeGreaterThan(4.2);
    expect(ofScreen({ expectedFramesPerSecond: 30 })).toBe(ofScreen({}));
    expect(ofCamera({ framesPerSecond: 5 })).toBeLessThan(ofScreen({}));
  });

  it('does not mind a still page', () => {
    expect(ofScreen({ framesPerSecond: 0, expectedFramesPerSecond: 0 })).toBe(ofScreen({}));
  });

  it('minds lost sharpness more than a camera does', () => {
    const half = { frameWidth: 960, frameHeight: 540 };
    const halfCamera = { frameWidth: 320, frameHeight: 180, bitrateBps: 220_000 };
    expect(ofScreen({}) - ofScreen(half)).toBeGreaterThan(ofCamera({}) - ofCamera(halfCamera));
  });

  it('is not judged by bits', () => {
    expect(ofScreen({ qpAverage: undefined, bitrateBps: 3000 })).toBe(ofScreen({ qpAverage: undefined }));
  });
});

describe('video score', () => {
  it.each([
    { why: 'ICE never connected', change: { connected: false }, reason: 'never connected' },
    { why: 'the track is muted', change: { muted: true }, reason: 'muted' },
    {
      why: 'it was paused by decision',
      change: { paused: true },
      reason: 'audio_only: video paused by decision',
    },
    {
      why: 'the window is short',
      change: { durationMs: 900 },
      reason: 'too little data: window under 1000 ms',
    },
    {
      why: 'nothing tells of motion',
      change: { framesPerSecond: undefined, frozenMs: undefined },
      reason: 'too little data: neither frame rate nor freezes are known',
    },
  ])('is unclassified when $why', ({ change, reason }) => {
    expect(scoreVideo({ ...camera, ...change })).toMatchObject({
      mos: null,
      confidence: 0,
      unclassified: reason,
    });
  });

  it('never scores worse better', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const input = fc.record({
      source: fc.constantFrom('camera' as const, 'screen' as const),
      durationMs: fc.constant(5000),
      codec: fc.constantFrom('vp8', 'vp9', 'av1', 'h264'),
      bitrateBps: fc.integer({ min: 0, max: 3_000_000 }),
      frameWidth: fc.constant(640),
      frameHeight: fc.constant(360),
      framesPerSecond: fc.double({ min: 0, max: 60, noNaN: true }),
      expectedFramesPerSecond: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
      frozenMs: fc.double({ min: 0, max: 5000, noNaN: true }),
      qpAverage: fc.option(fc.double({ min: 0, max: 255, noNaN: true }), { nil: undefined }),
      lossRatio: share,
      delayMs: fc.double({ min: 0, max: 3000, noNaN: true }),
    });
    const worse = fc.constantFrom<[keyof VideoInput, number]>(
      ['bitrateBps', -1_000_000],
      ['framesPerSecond', -30],
      ['frozenMs', 5000],
      ['qpAverage', 100],
      ['lossRatio', 1],
      ['delayMs', 1000],
    );
    fc.assert(
      fc.property(input, worse, share, (good, [field, by], part) => {
        const value = good[field as keyof typeof good];
        fc.pre(value !== undefined);
        const bad = { ...good, [field]: Math.max(0, (value as number) + by * part) };
        return scoreVideo(bad).mos! <= scoreVideo(good).mos! + 1e-9;
      }),
      { numRuns: 2000 },
    );
  });

  it('stays within its scale whatever the counters say', () => {
    const any = fc.option(fc.oneof(fc.double(), fc.integer()), { nil: undefined });
    fc.assert(
      fc.property(
        fc.record({
          source: fc.constantFrom('camera' as const, 'screen' as const),
          durationMs: fc.oneof(fc.double(), fc.constant(5000)),
          codec: fc.constantFrom(undefined, 'vp8', 'nonsense'),
          bitrateBps: any,
          frameWidth: any,
          frameHeight: any,
          expectedWidth: any,
          expectedHeight: any,
          framesPerSecond: any,
          expectedFramesPerSecond: any,
          frozenMs: any,
          qpAverage: any,
          lossRatio: any,
          delayMs: any,
        }),
        (input) => {
          const { mos, confidence, unclassified } = scoreVideo(input);
          if (mos === null) return unclassified !== '';
          return mos >= 1 && mos <= 4.5 && confidence > 0 && confidence <= 1;
        },
      ),
      { numRuns: 2000 },
    );
  });
});
