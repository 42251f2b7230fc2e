import type { types as mediasoup } from 'mediasoup';
import { expect, test } from 'vitest';
import {
  initialEstimateBps,
  mediaCodecs,
  producible,
  withoutWithheldExtensions,
} from '../../../sfu/media/capabilities.ts';

const captureTime = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time';

test('capture time is taken out, the rest stays in order, the original is left alone', () => {
  const given = {
    headerExtensions: [
      { uri: 'a', id: 1 },
      { uri: captureTime, id: 2 },
      { uri: 'b', id: 3 },
    ],
  };
  expect(withoutWithheldExtensions(given).headerExtensions.map(({ uri }) => uri)).toEqual(['a', 'b']);
  expect(given.headerExtensions).toHaveLength(3);
});

test('parameters without extensions stay as they are', () => {
  expect(withoutWithheldExtensions({})).toEqual({});
});

test('Opus is offered with in-band FEC and DTX', () => {
  expect(mediaCodecs.find(({ mimeType }) => mimeType === 'audio/opus')?.parameters).toMatchObject({
    useinbandfec: 1,
    usedtx: 1,
  });
});

test('a single VP8 encoding claims no layers; several do, and other codecs may', () => {
  const sent = (mimeType: string, ...modes: (string | undefined)[]): mediasoup.RtpParameters => ({
    codecs: [{ mimeType, payloadType: 96, clockRate: 90_000 }],
    encodings: modes.map((scalabilityMode) => ({
      maxBitrate: 1,
      ...(scalabilityMode && { scalabilityMode }),
    })),
  });
  const modes = (given: mediasoup.RtpParameters) =>
    producible(given).encodings?.map(({ scalabilityMode }) => scalabilityMode);
  const alone = sent('video/VP8', 'L1T3');
  expect(producible(alone).encodings).toEqual([{ maxBitrate: 1 }]);
  expect(alone.encodings?.[0]?.scalabilityMode).toBe('L1T3');
  expect(modes(sent('video/VP8', 'L1T3', 'L1T3'))).toEqual(['L1T3', 'L1T3']);
  expect(modes(sent('video/VP9', 'L3T3'))).toEqual(['L3T3']);
  expect(modes(sent('audio/opus', undefined))).toEqual([undefined]);
});

test('parameters that make no sense are left for the worker to refuse', () => {
  for (const nonsense of [
    {},
    { codecs: 'VP8' },
    { codecs: [null], encodings: [null] },
    { encodings: [{}] },
  ]) {
    const given = nonsense as unknown as mediasoup.RtpParameters;
    expect(producible(given)).toEqual(given);
  }
});

test('an estimate goes on from where it was, but not from the bottom of a fall', () => {
  expect(initialEstimateBps(null)).toBe(1_000_000);
  expect(initialEstimateBps(2_345_678.9)).toBe(2_345_679);
  expect(initialEstimateBps(40_000)).toBe(300_000);
});
