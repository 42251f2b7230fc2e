import { describe, expect, it } from 'vitest';
import { joinPaths } from '../../quality/paths.ts';
import { scoreWindow } from '../../quality/windows.ts';
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
