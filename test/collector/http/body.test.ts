import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { encodingOf, maxUnpackedBytes, unpack } from '../../../collector/http/body.ts';

const text = Buffer.from('telemetry '.repeat(50));
const withCode = (code: string) => expect.objectContaining({ code });

describe('content-encoding', () => {
  test.each([
    ['gzip', gzipSync(text)],
    ['GZIP', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['identity', text],
    [undefined, text],
  ])('%s is understood', (encoding, body) => expect(unpack(body, encoding).equals(text)).toBe(true));

  test('another is refused', () =>
    expect(() => unpack(text, 'br')).toThrow(withCode('unsupported_encoding')));

  test.each([
    ['gzip', text],
    ['gzip', gzipSync(text).subarray(0, 20)],
    ['deflate', text],
  ])('a body that is not %s is refused', (encoding, body) =>
    expect(() => unpack(body, encoding)).toThrow(withCode('bad_compression')),
  );

  test('a bomb is cut off at the bound', () => {
    const bomb = gzipSync(Buffer.alloc(maxUnpackedBytes + 1));
    expect(bomb.length).toBeLessThan(40_000);
    expect(() => unpack(bomb, 'gzip')).toThrow(withCode('body_too_large'));
  });
});

test.each([
  ['application/x-protobuf', 'protobuf'],
  ['application/json; charset=utf-8', 'json'],
  ['Application/JSON', 'json'],
])('content-type %s is %s', (type, encoding) => expect(encodingOf(type)).toBe(encoding));

test.each(['text/plain', undefined, ''])('content-type %s is refused', (type) => {
  expect(() => encodingOf(type)).toThrow(withCode('unsupported_media_type'));
});
