import { describe, expect, it } from 'vitest';
import { withVideoBound } from '../../../client/page/uplink.ts';
import { UplinkProbes, type UplinkSample } from '../../../client/page/uplink-probes.ts';

const second = (s: number, change: Partial<UplinkSample> = {}): UplinkSample => ({
  atMs: s * 1000,
  estimateBps: 100_000 * 1.08 ** s,
  wantedBps: 420_000,
  limited: true,
  roundTripMs: 42,
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
    expect(probesIn(seconds(0, 6))).toEqual([3]);
  });

  it('not while its estimate falls again and again: the link is as narrow as it was', () => {
    const sawtooth = (s: number) => ({ estimateBps: 85_000 * 1.08 ** (s % 3) });
    expect(probesIn(seconds(0, 60, sawtooth))).toEqual([]);
  });

  it('not while a queue stands', () => {
    const emptyAt = 10;
    const queue = (s: number) => ({ roundTripMs: s > 0 && s < emptyAt ? 180 : 42 });
    expect(probesIn(seconds(0, 12, queue))[0]).toBe(emptyAt);
  });

  it('not while everything is sent, nor while the estimate allows it', () => {
    expect(probesIn(seconds(0, 10, () => ({ limited: false })))).toEqual([]);
    expect(probesIn(seconds(0, 10, () => ({ estimateBps: 420_000 })))).toEqual([]);
  });

  it('ever later while it does not help', () => {
    const flat = () => ({ estimateBps: 200_000 });
    expect(probesIn(seconds(0, 120, flat))).toEqual([3, 8, 18, 38, 78]);
  });

  it('soon again once all was well for a while, not after a moment', () => {
    const flat = (s: number) => ({ estimateBps: 200_000, limited: s < 30 || s >= 30 + wellFor });
    let wellFor = 40;
    expect(probesIn(seconds(0, 76, flat))).toEqual([3, 8, 18, 73]);
    wellFor = 5;
    expect(probesIn(seconds(0, 76, flat))).toEqual([3, 8, 18, 38]);
  });

  it('by what a longer path takes, once it has been that long for a while', () => {
    const longer = (s: number) => ({ estimateBps: 200_000, roundTripMs: s < 3 ? 42 : 92 });
    expect(probesIn(seconds(0, 60, longer))[0]).toBe(52);
  });
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
