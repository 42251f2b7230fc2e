import { expect, test } from 'vitest';
import { isOwnOrigin } from '../../../sfu/signaling/SignalingServer.ts';

test.each([
  ['https://meet.example:4443', 'meet.example:4443', true],
  ['http://127.0.0.1:4443', '127.0.0.1:4443', true],
  [undefined, 'meet.example', true],
  ['https://evil.example', 'meet.example', false],
  ['https://meet.example.evil.example', 'meet.example', false],
  ['https://meet.example:8443', 'meet.example:4443', false],
  ['null', 'meet.example', false],
  ['', 'meet.example', false],
])('origin %j at host %j: %s', (origin, host, welcome) => {
  expect(isOwnOrigin(origin, host)).toBe(welcome);
});
