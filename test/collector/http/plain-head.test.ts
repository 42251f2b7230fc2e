import { describe, expect, test } from 'vitest';
import {
  mostHeadBytes,
  mostPlainBodyBytes,
  type PlainHead,
  readHead,
} from '../../../collector/http/plain-head.ts';

const head = (...lines: string[]) => Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
const posted = (...lines: string[]) =>
  readHead(head('POST /v1/logs HTTP/1.1', 'Host: a', 'Content-Length: 3', ...lines));

test('a request as exporters and browsers send it', () => {
  const bytes = head(
    'POST /v1/traces HTTP/1.1',
    'Host: collector:4318',
    'Connection: keep-alive',
    'Content-Type:application/x-protobuf ',
    'AUTHORIZATION: Bearer a.b.c',
    'sec-ch-ua: "Chromium";v="156"',
    'content-length: 12',
  );
  const read = readHead(Buffer.concat([bytes, Buffer.from('twelve bytes and more')]));
  expect(read).toMatchObject({ signal: 'traces', method: 'POST', bytes: bytes.length, contentLength: 12 });
  expect(Object.fromEntries((read as PlainHead).headers)).toMatchObject({
    'content-type': 'application/x-protobuf',
    authorization: 'Bearer a.b.c',
    'sec-ch-ua': '"Chromium";v="156"',
  });
});

test('the question of a page', () =>
  expect(readHead(head('OPTIONS /v1/logs HTTP/1.1', 'host: a', 'origin: https://m.example'))).toMatchObject({
    method: 'OPTIONS',
    contentLength: 0,
  }));

test('a head that has not come whole, wherever it is cut', () => {
  const whole = head('POST /v1/logs HTTP/1.1', 'Host: a', 'Content-Length: 0');
  for (let cut = 1; cut < whole.length; cut++) expect(readHead(whole.subarray(0, cut))).toBe('more');
  expect(readHead(whole)).toMatchObject({ bytes: whole.length });
});

describe('left to node:http', () => {
  test.each<[string, ReturnType<typeof readHead>]>([
    ['another method', readHead(head('GET /v1/logs HTTP/1.1', 'Host: a'))],
    ['a method that only begins like ours', readHead(head('PUT /v1/logs HTTP/1.1', 'Host: a'))],
    ['another path', readHead(head('POST /v1/profiles HTTP/1.1', 'Host: a', 'Content-Length: 0'))],
    ['a query', readHead(head('POST /v1/logs?a HTTP/1.1', 'Host: a', 'Content-Length: 0'))],
    ['HTTP/1.0', readHead(head('POST /v1/logs HTTP/1.0', 'Host: a', 'Content-Length: 0'))],
    ['no host', readHead(head('POST /v1/logs HTTP/1.1', 'Content-Length: 0'))],
    ['no length', readHead(head('POST /v1/logs HTTP/1.1', 'Host: a'))],
    ['something that is not HTTP', readHead(Buffer.from([0x16, 3, 1, 0, 200]))],
    ['chunks', posted('Transfer-Encoding: chunked')],
    ['a body that waits for a word', posted('Expect: 100-continue')],
    ['a wish to close', posted('Connection: close')],
    ['a wish to change', posted('Connection: Upgrade', 'Upgrade: h2c')],
    ['two lengths', posted('Content-Length: 4')],
    ['a header given twice', posted('Origin: https://a', 'Origin: https://b')],
    ['a line that goes on', posted('X-Long: a', ' b')],
    ['a space before the colon', posted('Content-Type : x')],
    ['a header without a name', posted(': x')],
    ['a line without a colon', posted('nothing')],
    ['a line that ends in LF alone', posted('X-A: b\nTransfer-Encoding: chunked')],
    ['a lone CR', posted('X-A: b\rc')],
    ['a NUL', posted('X-A: b\0')],
    ['letters that are not ASCII', posted('X-A: \u00e9')],
    ['a head that is too long', posted(`X-A: ${'a'.repeat(mostHeadBytes)}`)],
    ['a head that does not end', readHead(Buffer.alloc(mostHeadBytes, 'P'))],
    ...['+3', '3, 3', '0x3', '-1', '', '99999999', String(mostPlainBodyBytes + 1)].map(
      (length): [string, ReturnType<typeof readHead>] => [
        `the length “${length}”`,
        readHead(head('POST /v1/logs HTTP/1.1', 'Host: a', `Content-Length: ${length}`)),
      ],
    ),
    ['a question with a body', readHead(head('OPTIONS /v1/logs HTTP/1.1', 'Host: a', 'Content-Length: 1'))],
  ])('%s', (_, read) => expect(read).toBe('other'));
});
