import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Packet, StreamInfo } from '../../../recorder/disk/segment.ts';
import { captureClock } from '../../../recorder/media/clock.ts';
import { type Frame, framesOf } from '../../../recorder/media/frames.ts';
import { audioLevel, isRtcp, parseRtp, unwrapper } from '../../../recorder/media/rtp.ts';
import { vp8Payload, vp8Size } from '../../../recorder/media/vp8.ts';

const rtp = (options: {
  sequence: number;
  timestamp: number;
  payload: Buffer;
  marker?: boolean;
  extension?: Buffer;
}): Buffer => {
  const { sequence, timestamp, payload, marker = false, extension } = options;
  const head = Buffer.alloc(12);
  head.writeUInt8(0x80 | (extension ? 0x10 : 0), 0);
  head.writeUInt8((marker ? 0x80 : 0) | 111, 1);
  head.writeUInt16BE(sequence & 0xffff, 2);
  head.writeUInt32BE(timestamp >>> 0, 4);
  head.writeUInt32BE(7, 8);
  const extended = extension ? [Buffer.from([0xbe, 0xde, 0, extension.length / 4]), extension] : [];
  return Buffer.concat([head, ...extended, payload]);
};
const stream = (mimeType: string, clockRate: number) =>
  ({ mimeType, clockRate, payloadType: 111, ssrc: 7 }) as StreamInfo;
const frames = async (info: StreamInfo, packets: Packet[]) => {
  const all: Frame[] = [];
  for await (const frame of framesOf(
    info,
    (async function* () {
      yield* packets;
    })(),
  ))
    all.push(frame);
  return all;
};

describe('RTP', () => {
  test('an audio level is found among other extensions', () => {
    const packet = rtp({
      sequence: 1,
      timestamp: 1,
      payload: Buffer.from([9]),
      // id 3 with two bytes, then id 10 with the level 0x80 | 42
      extension: Buffer.from([0x31, 1, 2, 0xa0, 0xaa, 0, 0, 0]),
    });
    expect(audioLevel(packet, 10)).toBe(42);
    expect(audioLevel(packet, 4)).toBeNull();
    expect(parseRtp(packet)?.payload).toEqual(Buffer.from([9]));
  });

  test('what is cut short or noise is never read beyond its end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const packet = Buffer.from(bytes);
        parseRtp(packet);
        isRtcp(packet);
        if (packet.length > 0) audioLevel(packet, 1);
        vp8Payload(packet);
        vp8Size(packet);
      }),
    );
  });

  test('numbers that wrap rise on, and stragglers keep their place', () => {
    const unwrap = unwrapper(16);
    expect([65_534, 65_535, 1, 0, 2].map(unwrap)).toEqual([65_534, 65_535, 65_537, 65_536, 65_538]);
  });
});

describe('the clock of a stream', () => {
  test('a packet that was delayed keeps its time', () => {
    const at = captureClock(1_000);
    expect([at(0, 100), at(20, 120), at(40, 340), at(60, 160)]).toEqual([100, 120, 140, 160]);
  });

  test('clocks that run apart stay together', () => {
    const at = captureClock(1_000);
    let time = 0;
    // 200 ppm for half an hour are 360 ms.
    for (let ms = 0; ms < 1_800_000; ms += 20) time = at(ms * 1.0002, ms);
    expect(Math.abs(time - 1_800_000)).toBeLessThan(100);
  });

  test('a clock that began anew is found', () => {
    const at = captureClock(1_000);
    at(1_000_000, 100);
    expect(at(5, 200)).toBe(200);
  });
});

describe('frames', () => {
  test('packets out of order, doubled and lost: each frame once and in place', async () => {
    const packet = (i: number): Packet => ({
      atMs: 1_000 + 20 * i,
      rtp: rtp({ sequence: 65_530 + i, timestamp: 960 * i, payload: Buffer.from([i]) }),
    });
    const order = [0, 1, 3, 2, 2, 4, 7, 6, 8, 0];
    const got = await frames(stream('audio/opus', 48_000), order.map(packet));
    expect(got.map(({ data }) => data[0])).toEqual([0, 1, 2, 3, 4, 6, 7, 8]);
    expect(got.map(({ timeMs }) => timeMs)).toEqual([0, 1, 2, 3, 4, 6, 7, 8].map((i) => 1_000 + 20 * i));
  });

  test('a picture with a part missing is left out; the one after it is whole', async () => {
    const part = (
      sequence: number,
      timestamp: number,
      first: boolean,
      last: boolean,
      byte: number,
    ): Packet => ({
      atMs: timestamp,
      rtp: rtp({
        sequence,
        timestamp,
        marker: last,
        payload: Buffer.from([first ? 0x10 : 0x00, byte]),
      }),
    });
    const got = await frames(stream('video/VP8', 90_000), [
      part(1, 0, true, false, 0xa0),
      part(2, 0, false, true, 0xa1),
      part(3, 3_000, true, false, 0xb0),
      // 4 never came
      part(5, 3_000, false, true, 0xb2),
      part(6, 6_000, true, true, 0xc1),
    ]);
    expect(got.map(({ data }) => data.toString('hex'))).toEqual(['a0a1', 'c1']);
    expect(got.map(({ key }) => key)).toEqual([true, false]);
  });
});
