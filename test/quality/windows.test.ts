import { describe, expect, it } from 'vitest';
import { joinPaths } from '../../quality/paths.ts';
import { scoreWindow } from '../../quality/windows.ts';
import { onePath, type Truth } from './support/one-path.ts';
import { callId, type Script, startMs, syntheticCall, tenantId } from './support/synthetic-call.ts';

const windowStart = startMs + 20_000;
const score = (script: Script, audioOnly: string[] = []) =>
  scoreWindow(joinPaths(syntheticCall(['ann', 'ben'], 30, script)), {
    tenantId,
    callId,
    windowStart,
    windowMs: 5_000,
    scoredAt: windowStart + 8_000,
    revision: 1,
    audioOnly: new Set(audioOnly),
  });
const at = (rows: ReturnType<typeof score>, point: string, kind: string, sender: string) =>
  rows.find((r) => r.point === point && r.kind === kind && r.sender_id === sender)!;
const ben =
  (conditions: ReturnType<Script>): Script =>
  (id) =>
    id === 'ben' ? conditions : {};

describe('scoreWindow', () => {
  it('scores audio and video of each path at all four points, each key once', () => {
    const rows = score(() => ({}));
    const keys = rows.map((r) => [r.point, r.kind, r.producer_id, r.consumer_id].join(' '));
    expect(new Set(keys).size).toBe(keys.length);
    expect(rows).toHaveLength(2 * 2 * 4);
    for (const row of rows) {
      expect(row.unclassified, `${row.point} ${row.kind}`).toBe('');
      expect(row.mos!, `${row.point} ${row.kind}`).toBeGreaterThan(3);
      expect(row.window_start).toBe(windowStart);
    }
  });

  it('shows a lossy downlink at the receiver and nowhere before', () => {
    const rows = score(ben({ downLoss: 0.15 }));
    const clean = score(() => ({}));
    for (const point of ['sender', 'sfu_in', 'sfu_out']) {
      expect(at(rows, point, 'audio', 'ann').mos).toBeCloseTo(at(clean, point, 'audio', 'ann').mos!, 1);
    }
    expect(at(rows, 'receiver', 'audio', 'ann').mos!).toBeLessThan(
      at(clean, 'receiver', 'audio', 'ann').mos! - 0.8,
    );
    expect(at(rows, 'receiver', 'audio', 'ann')).toMatchObject({ receiver_id: 'ben', concealed_ratio: 0.15 });
    expect(at(rows, 'receiver', 'audio', 'ben').mos).toBeCloseTo(
      at(clean, 'receiver', 'audio', 'ben').mos!,
      1,
    );
  });

  it('shows a lossy uplink from the SFU on', () => {
    const rows = score(ben({ upLoss: 0.15 }));
    expect(at(rows, 'sender', 'audio', 'ben').mos!).toBeGreaterThan(4);
    expect(at(rows, 'sfu_in', 'audio', 'ben').mos!).toBeLessThan(3.5);
    expect(at(rows, 'sfu_in', 'audio', 'ben').loss_ratio).toBeCloseTo(0.15, 2);
  });

  it('counts a video that stands still as frozen, before any freeze is over', () => {
    const rows = score(ben({ decoderDead: true }));
    const still = score((id, s) => (id === 'ben' && s >= 18 ? { decoderDead: true } : {}));
    expect(at(still, 'receiver', 'video', 'ann').frozen_ms!).toBeGreaterThan(4_500);
    expect(at(still, 'receiver', 'video', 'ann').mos!).toBeLessThan(1.5);
    // What never moved has not frozen: that is a start, for others to judge.
    expect(at(rows, 'receiver', 'video', 'ann').frozen_ms).toBeNull();
  });

  it.each([
    ['a muted microphone', ben({ microphoneMuted: true }), [], 'audio', 'ben', /muted|silen/],
    ['a camera that is off', ben({ cameraPaused: true }), [], 'video', 'ben', /muted/],
    [
      'video taken away by decision',
      ben({ videoPaused: true }),
      ['ben'],
      'video',
      'ann',
      /audio_only|decision/,
    ],
  ] as const)('gives no score to %s, and says why', (_, script, audioOnly, kind, sender, reason) => {
    const row = at(score(script, [...audioOnly]), 'receiver', kind, sender);
    expect(row.mos).toBeNull();
    expect(row.unclassified).toMatch(reason);
  });

  it('gives no row to a point that nobody told about', () => {
    const rows = score((id) => (id === 'ben' ? { clientSilent: true } : {}));
    expect(rows.some((r) => r.point === 'receiver' && r.receiver_id === 'ben')).toBe(false);
    expect(rows.some((r) => r.point === 'sender' && r.sender_id === 'ben')).toBe(false);
    expect(rows.some((r) => r.point === 'sfu_in' && r.sender_id === 'ben')).toBe(true);
  });
});

/** One path, sampled every second, in the window of 20 to 25 s. */
const rowsOf = (truth: Truth) =>
  scoreWindow(
    joinPaths(
      onePath(
        truth,
        Array.from({ length: 26 }, (_, i) => 10 + i),
      ),
    ),
    { tenantId, callId, windowStart, windowMs: 5_000, scoredAt: 0, revision: 1, audioOnly: new Set() },
  );
const pointOf = (truth: Truth, point: string) => rowsOf(truth).find((r) => r.point === point)!;
const heard = (truth: Partial<Truth>) => pointOf({ kind: 'audio', ...truth }, 'receiver');
const seen = (truth: Partial<Truth>) => pointOf({ kind: 'video', ...truth }, 'receiver');

describe('the delay of a path', () => {
  const parts: Partial<Truth> = { upRttMs: [60, 60], downRttMs: [100, 100], jitterBufferMs: [80] };

  it('is the sum of its parts from microphone to ear, and says which of them are typical', () => {
    const row = heard(parts);
    expect(row.delay_ms).toBeCloseTo(46.5 + 30 + 1 + 50 + 80 + 30, 3);
    expect(JSON.parse(row.inputs)).toMatchObject({ uplinkMs: 30, downlinkMs: 50, jitterBufferMs: 80 });
    expect(row.missing).toEqual(['captureMs', 'sfuMs', 'playoutMs']);
  });

  it.each([
    ['the uplink', { upRttMs: [160, 160] }, 50],
    ['the wait in the sender', { sendDelayMs: 70 }, 70],
    ['the downlink', { downRttMs: [300, 300] }, 100],
    ['the jitter buffer', { jitterBufferMs: [200] }, 120],
  ] as const)('grows with %s', (_, change, byMs) => {
    expect(heard({ ...parts, ...change }).delay_ms! - heard(parts).delay_ms!).toBeCloseTo(byMs, 3);
  });

  it('counts in the score of video too', () => {
    expect(seen({ ...parts, jitterBufferMs: [600] }).mos!).toBeLessThan(seen(parts).mos! - 0.5);
  });

  it('counts at the SFU what lies behind the media there, and no more', () => {
    const far: Truth = { kind: 'audio', ...parts, upRttMs: [900, 900] };
    const delayAt = (point: string) => JSON.parse(pointOf(far, point).inputs).delayMs;
    expect(delayAt('sender')).toBe(46.5);
    expect(delayAt('sfu_in')).toBe(46.5 + 450);
    expect(delayAt('sfu_out')).toBe(46.5 + 450 + 1);
  });
});

describe('what was heard', () => {
  it('counts, not what was lost: FEC, RED and NACK have had their say', () => {
    const repaired = heard({ downLoss: [0.1], concealed: [0.01] });
    expect(repaired.loss_ratio).toBeCloseTo(0.1, 3);
    expect(repaired.mos).toBe(heard({ downLoss: [0.01], concealed: [0.01] }).mos);
    expect(repaired.mos!).toBeGreaterThan(heard({ downLoss: [0.1], concealed: [0.1] }).mos! + 0.5);
  });

  it('counts more in bursts, by the length of the gaps that were concealed', () => {
    const random = heard({ downLoss: [0.05], burstPackets: 1 });
    const bursty = heard({ downLoss: [0.05], burstPackets: 3 });
    expect(JSON.parse(bursty.inputs).burstRatio).toBeCloseTo(3 * 0.95, 3);
    expect(bursty.mos!).toBeLessThan(random.mos!);
    expect(random.missing).not.toContain('burstRatio');
  });

  it('has no score where the transport never came up', () => {
    expect(heard({ dtlsState: 'connecting' })).toMatchObject({ mos: null, unclassified: 'never connected' });
  });
});

describe('what was paused', () => {
  const fromSecond = (second: number) => (at: number) => at >= second;

  it.each([
    ['by its receiver', { consumerPaused: () => true }, 'paused by its receiver'],
    ['by its sender', { producerPaused: () => true }, 'muted'],
    ['half way by its receiver', { consumerPaused: fromSecond(22) }, 'paused for part of the window'],
    ['half way by its sender', { producerPaused: fromSecond(23) }, 'paused for part of the window'],
    [
      'half of the time until resumed',
      { producerPaused: (at: number) => at < 22 },
      'paused for part of the window',
    ],
  ])('%s is not taken for frozen', (_, pauses, unclassified) => {
    expect(seen(pauses)).toMatchObject({ mos: null, unclassified });
  });

  it('is no reason to leave out the audio of the rest', () => {
    expect(heard({ producerPaused: fromSecond(23) }).mos).not.toBeNull();
  });
});

describe('a shared screen', () => {
  const screen = { source: 'screen', width: 1920, height: 1080, qp: [30] } as const;

  it('that stands still is well, since nothing was sent', () => {
    const still = seen({ ...screen, fps: 0.01, freezes: [] });
    expect(still).toMatchObject({ frozen_ms: 0, unclassified: '' });
    expect(still.mos!).toBeGreaterThan(4);
    expect(seen({ source: 'camera', fps: 15, freezes: [{ from: 19, to: 26 }] }).mos!).toBeLessThan(1.5);
  });

  it('that moves at its sender and not at its receiver is frozen', () => {
    const frozen = seen({ ...screen, fps: 5, freezes: [{ from: 18, to: 27 }] });
    expect(frozen.frozen_ms).toBe(5_000);
    expect(frozen.mos!).toBeLessThan(1.5);
  });

  it('is not held to the rate at which it is captured', () => {
    expect(seen({ ...screen, fps: 2 }).mos!).toBeGreaterThan(4);
  });
});
