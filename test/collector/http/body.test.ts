import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
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

describe('gzip, with one state for all', () => {
  test('bodies of any size and of several parts, after good ones and bad ones', () => {
    const texts = [10, 3_000_000, 0, 50_000].map((length) => Buffer.alloc(length, `text of ${length} `));
    for (const text of [...texts, ...texts]) {
      expect(unpack(gzipSync(text), 'gzip').equals(text)).toBe(true);
      expect(() => unpack(gzipSync(text).subarray(0, -4), 'gzip')).toThrow(/bad_compression|is not gzip/);
    }
    const parts = Buffer.concat([gzipSync('one '), gzipSync('two')]);
    expect(unpack(parts, 'gzip').toString()).toBe('one two');
    expect(() => unpack(gzipSync(Buffer.alloc(maxUnpackedBytes + 1)), 'gzip')).toThrow(/more than/);
    expect(unpack(gzipSync('after'), 'gzip').toString()).toBe('after');
  });

  test('zstd', () => {
    expect(unpack(zstdCompressSync(Buffer.from('text')), 'zstd').toString()).toBe('text');
    expect(() => unpack(Buffer.from('text'), 'zstd')).toThrow(/is not zstd/);
    expect(() => unpack(zstdCompressSync(Buffer.alloc(maxUnpackedBytes + 1)), 'zstd')).toThrow(/more than/);
  });
});
