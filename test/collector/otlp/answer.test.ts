import protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import { encodeResponse, encodeStatus } from '../../../collector/otlp/answer.ts';

const { root } = protobuf.parse(`
  syntax = "proto3";
  message Partial { int64 rejected = 1; string error_message = 2; }
  message Response { Partial partial_success = 1; }
  message Status { int32 code = 1; string message = 2; }`);
const read = (type: string, bytes: Uint8Array) => root.lookupType(type).decode(bytes).toJSON();

test('all accepted is an empty message', () => {
  const none = { rejected: 0, message: '' };
  expect(encodeResponse('logs', none, 'protobuf').length).toBe(0);
  expect(encodeResponse('logs', none, 'json').toString()).toBe('{}');
});

test('partial success says how many and why, in either encoding', () => {
  const partial = { rejected: 300, message: 'ü'.repeat(200) };
  expect(read('Response', encodeResponse('logs', partial, 'protobuf'))).toEqual({
    partialSuccess: { rejected: '300', errorMessage: partial.message },
  });
  expect(JSON.parse(encodeResponse('traces', partial, 'json').toString())).toEqual({
    partialSuccess: { rejectedSpans: '300', errorMessage: partial.message },
  });
});

test('a refusal is a Status', () => {
  expect(read('Status', encodeStatus(16, 'who?', 'protobuf'))).toEqual({ code: 16, message: 'who?' });
  expect(JSON.parse(encodeStatus(16, 'who?', 'json').toString())).toEqual({ code: 16, message: 'who?' });
});
