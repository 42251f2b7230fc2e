import { describe, expect, it } from 'vitest';
import { joinPaths } from '../../quality/paths.ts';
import { consumerOf, emptyCall, producerOf, sample, syntheticCall } from './support/synthetic-call.ts';

describe('joinPaths', () => {
  const call = syntheticCall(['ann', 'ben', 'carl'], 4, () => ({}));
  const joined = joinPaths(call);

  it('makes one path per sender, receiver and kind', () => {
    const told = joined.paths.map((p) => `${p.uplink.senderId}>${p.receiverId} ${p.uplink.kind}`).sort();
    expect(told).toHaveLength(3 * 2 * 2);
    expect(new Set(told).size).toBe(12);
  });

  it('sees each path at all four points', () => {
    for (const path of joined.paths) {
      expect(path.sfu.length, 'SFU out').toBeGreaterThan(0);
      expect(path.inbound.length, 'receiver').toBeGreaterThan(0);
      for (const layer of path.uplink.layers) {
        expect(layer.outbound.length, 'sender').toBeGreaterThan(0);
        expect(layer.remoteInbound.length, 'what the SFU told the sender').toBeGreaterThan(0);
        expect(layer.sfu.length, 'SFU in').toBeGreaterThan(0);
      }
      expect(path.link?.participantId).toBe(path.receiverId);
      expect(path.link?.direction).toBe('recv');
      expect(path.uplink.link?.participantId).toBe(path.uplink.senderId);
      expect(path.uplink.link?.direction).toBe('send');
      expect(path.link?.pair.length, 'candidate pair').toBeGreaterThan(0);
    }
  });

  it('orders simulcast layers from the lowest up', () => {
    const video = joined.uplinks.find((u) => u.kind === 'video')!;
    expect(video.layers.map((l) => l.rid)).toEqual(['r0', 'r1', 'r2']);
    expect(video.codec).toBe('vp8');
  });

  it('keeps the samples of a layer by time and apart from other layers', () => {
    for (const { layers } of joined.uplinks) {
      for (const { outbound, sfu } of layers) {
        expect(new Set(outbound.map((s) => s.ssrc)).size).toBe(1);
        expect(sfu.map((s) => s.time)).toEqual([...sfu.map((s) => s.time)].sort((a, b) => a - b));
      }
    }
  });

  it('joins what it can when a point is missing', () => {
    const cases = [
      { without: 'sfu_producer' as const, sender: 'ann' },
      { without: 'outbound_rtp' as const, sender: 'ann' },
      { without: 'inbound_rtp' as const, sender: 'ann' },
    ];
    for (const { without, sender } of cases) {
      const path = joinPaths({ ...call, [without]: [] }).paths.find(
        (p) => p.consumerId === consumerOf('ben', 'ann', 'video'),
      );
      expect(path?.uplink.senderId, without).toBe(sender);
      expect(path?.receiverId, without).toBe('ben');
    }
  });

  it('names no sender for a consumer whose producer was never seen', () => {
    const only = { ...emptyCall(), sfu_consumer: call.sfu_consumer.slice(0, 1) };
    const [path] = joinPaths(only).paths;
    expect(path?.uplink).toMatchObject({ senderId: '', layers: [] });
  });

  it('tells the direction of a link by its media where the SFU does not say', () => {
    const { links } = joinPaths({ ...call, sfu_transport: [] });
    expect(new Map(links.map((l) => [l.transportId, l.direction])).get('ann-send')).toBe('send');
    expect(new Map(links.map((l) => [l.transportId, l.direction])).get('ann-recv')).toBe('recv');
  });

  it('leaves pairs out that were tried but never used', () => {
    const tried = sample('candidate_pair', {
      transport_id: 'ann-send',
      participant_id: 'ann',
      nominated: false,
      time: 9,
    });
    const { links } = joinPaths({ ...call, candidate_pair: [...call.candidate_pair, tried] });
    expect(links.find((l) => l.transportId === 'ann-send')?.pair).not.toContain(tried);
    expect(producerOf('ann', 'video')).toBe('ann-video');
  });
});
