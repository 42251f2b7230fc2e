import { expect, test } from 'vitest';
import { mediaCodecs, withoutWithheldExtensions } from '../../../sfu/media/capabilities.ts';

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
