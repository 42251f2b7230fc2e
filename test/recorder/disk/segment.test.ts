import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  magic,
  readSegment,
  rtpRecord,
  type StreamInfo,
  streamRecord,
} from '../../../recorder/disk/segment.ts';

const info: StreamInfo = {
  streamId: 'microphone-p1',
  producerId: 'p1',
  participantId: 'ada',
  displayName: 'Ada',
  kind: 'audio',
  source: 'microphone',
  mimeType: 'audio/opus',
  payloadType: 111,
  clockRate: 48_000,
  channels: 2,
  ssrc: 1,
  audioLevelId: null,
};
const packets = Array.from({ length: 5 }, (_, i) => ({ atMs: 1_000.5 + i, rtp: Buffer.alloc(50 + i, i) }));
const whole = Buffer.concat([magic, streamRecord(info, 1_000), ...packets.map(rtpRecord)]);

describe('a segment file', () => {
  test('gives back what was written', () => {
    expect(readSegment(whole)).toEqual({ info, packets, tornBytes: 0 });
  });

  test('cut anywhere, it gives all whole records before the cut and counts the rest', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length }), (length) => {
        const read = readSegment(whole.subarray(0, length));
        expect(read.packets).toEqual(packets.slice(0, read.packets.length));
        const next = read.packets.length < packets.length ? 17 + packets[read.packets.length]!.rtp.length : 0;
        if (read.info) expect(read.tornBytes).toBeLessThan(Math.max(1, next));
      }),
    );
  });

  test('with a byte changed it ends before that record', () => {
    fc.assert(
      fc.property(fc.integer({ min: magic.length, max: whole.length - 1 }), (at) => {
        const damaged = Buffer.from(whole);
        damaged[at] = damaged[at]! ^ 0xff;
        const read = readSegment(damaged);
        expect(read.packets).toEqual(packets.slice(0, read.packets.length));
        expect(read.tornBytes).toBeGreaterThan(0);
      }),
    );
  });

  test('of noise it makes nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        expect(readSegment(Buffer.from(noise)).packets).toEqual([]);
        expect(readSegment(Buffer.concat([magic, Buffer.from(noise)])).packets).toEqual([]);
      }),
    );
  });
});
