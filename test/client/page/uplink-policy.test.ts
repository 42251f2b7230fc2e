import { describe, expect, it } from 'vitest';
import { withVideoBound } from '../../../client/page/uplink.ts';
import {
  QueueMeter,
  UplinkProbes,
  type UplinkSample,
  UplinkThinning,
} from '../../../client/page/uplink-policy.ts';

const second = (s: number, change: Partial<UplinkSample> = {}): UplinkSample => ({
  atMs: s * 1000,
  estimateBps: 100_000 * 1.08 ** s,
  wantedBps: 420_000,
  limited: true,
  queueMs: 1,
  ...change,
});

/** Seconds in which it probes. */
function probesIn(samples: readonly UplinkSample[]): number[] {
  const probes = new UplinkProbes();
  return samples.filter((sample) => probes.next(sample)).map(({ atMs }) => atMs / 1000);
}

const seconds = (from: number, to: number, change: (s: number) => Partial<UplinkSample> = () => ({})) =>
  Array.from({ length: to - from }, (_, i) => second(from + i, change(from + i)));

describe('an uplink is asked what it holds', () => {
  it('when its estimate has risen for three seconds without a queue', () => {
    expect(probesIn(seconds(0, 5))).toEqual([3]);
  });

  it('not while its estimate falls again and again: the link is as narrow as it was', () => {
    const sawtooth = (s: number) => ({ estimateBps: 85_000 * 1.08 ** (s % 3) });
    expect(probesIn(seconds(0, 60, sawtooth))).toEqual([]);
  });

  it('not while a queue stands', () => {
    const emptyAt = 10;
    const queue = (s: number) => ({ queueMs: s < emptyAt ? 140 : 1 });
    expect(probesIn(seconds(0, 12, queue))[0]).toBe(emptyAt);
  });

  it('not while everything is sent, nor while the estimate allows it', () => {
    expect(probesIn(seconds(0, 10, () => ({ limited: false })))).toEqual([]);
    expect(probesIn(seconds(0, 10, () => ({ estimateBps: 420_000 })))).toEqual([]);
  });

  it('four times in a row where nothing comes of it: the browser may have refused; then not for a while', () => {
    const flat = () => ({ estimateBps: 200_000 });
    expect(probesIn(seconds(0, 17, flat))).toEqual([3, 5, 7, 9, 12, 14, 16]);
    const at = probesIn(seconds(0, 600, flat));
    expect(Math.max(...at.map((s, i) => s - (at[i - 1] ?? s)))).toBe(20);
  });

  it('once where a queue comes of it, and then later the longer the line has been narrow', () => {
    /** A probe each time it may, and a queue for two seconds after each. */
    const probes = new UplinkProbes();
    let queueUntil = 0;
    const at = seconds(0, 120).filter(({ atMs }) => {
      const probed = probes.next(
        second(atMs / 1000, { estimateBps: 200_000, queueMs: atMs < queueUntil ? 200 : 1 }),
      );
      if (probed) queueUntil = atMs + 2_000;
      return probed;
    });
    const gaps = at.map(({ atMs }, i) => (atMs - (at[i - 1]?.atMs ?? 0)) / 1000);
    expect(gaps.slice(0, 4)).toEqual([3, 3, 3, 4]);
    expect(gaps.at(-1)).toBeGreaterThan(15);
  });

  it('as at first once all was well for a while, not after a moment', () => {
    const narrow = (s: number) => ({ estimateBps: 200_000, limited: s < 60 || s >= 60 + wellFor });
    const from = () => probesIn(seconds(0, 200, narrow)).filter((s) => s >= 60 + wellFor);
    let wellFor = 40;
    expect(from().slice(0, 5)).toEqual([103, 105, 107, 109, 112]);
    wellFor = 5;
    expect(from().slice(0, 5).at(-1)! - from()[0]!).toBeGreaterThan(12);
  });
});

describe('less is sent than the browser sends at the least', () => {
  const full = { estimateBps: 84_000, queueMs: 260 };
  const thinIn = (samples: readonly UplinkSample[]): number[] => {
    const thinning = new UplinkThinning();
    return samples.filter((sample) => thinning.next(sample)).map(({ atMs }) => atMs / 1000);
  };

  it('once a queue stands for a second while the estimate is at its least, until there is room', () => {
    const room = (s: number) => (s < 10 ? full : { estimateBps: 150_000 });
    expect(thinIn(seconds(0, 15, room))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('for three seconds at the least', () => {
    const room = (s: number) => (s < 2 ? full : { limited: false });
    expect(thinIn(seconds(0, 15, room))).toEqual([1, 2, 3]);
  });

  it('not for a queue that passes, nor where the browser itself can send less', () => {
    expect(thinIn(seconds(0, 15, (s) => ({ ...full, queueMs: s % 2 === 0 ? 260 : 30 })))).toEqual([]);
    expect(thinIn(seconds(0, 15, () => ({ ...full, estimateBps: 120_000 })))).toEqual([]);
    expect(thinIn(seconds(0, 15, () => ({ ...full, limited: false })))).toEqual([]);
  });
});

it('a queue is what the round trip is over its least, and a longer path is none after a while', () => {
  const meter = new QueueMeter();
  const read = [42, 180, 42, 92, 92].map((ms, s) => Math.round(meter.read(s * 1000, ms)));
  expect(read).toEqual([0, 138, 0, 50, 49]);
  for (let s = 5; s < 130; s++) meter.read(s * 1000, 92);
  expect(meter.read(130_000, 92)).toBe(0);
});

describe('the bound of what is sent', () => {
  const sdp = [
    'v=0',
    'm=audio 7 UDP/TLS/RTP/SAVPF 100',
    'c=IN IP4 127.0.0.1',
    'a=mid:0',
    'm=video 7 UDP/TLS/RTP/SAVPF 101',
    'c=IN IP4 127.0.0.1',
    'a=mid:1',
    '',
  ].join('\r\n');

  it('stands below the connection of each video, in the place of the one before, and goes again', () => {
    const bound = withVideoBound(withVideoBound(sdp, 420_000), 421_000);
    expect(bound.split('\r\n').slice(4, 8)).toEqual([
      'm=video 7 UDP/TLS/RTP/SAVPF 101',
      'c=IN IP4 127.0.0.1',
      'b=TIAS:421000',
      'a=mid:1',
    ]);
    expect(bound.match(/b=/g)).toHaveLength(1);
    expect(withVideoBound(bound, null)).toBe(sdp);
  });
});
