import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { turnCredentials } from '../../turn/credentials.ts';

const options = { secret: 'north', name: 'p-1', ttlSeconds: 600, nowMs: 1_700_000_000_999 };

test('the user name is the expiry in whole seconds and the name', () => {
  expect(turnCredentials(options).username).toBe('1700000600:p-1');
});

test('the password is the base64 of HMAC-SHA1 over the user name, 20 bytes', () => {
  const { username, credential } = turnCredentials(options);
  expect(Buffer.from(credential, 'base64')).toHaveLength(20);
  expect(credential).toBe(createHmac('sha1', 'north').update(username).digest('base64'));
  // RFC 2202, test case 2, through the same primitive: key "Jefe".
  expect(createHmac('sha1', 'Jefe').update('what do ya want for nothing?').digest('hex')).toBe(
    'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79',
  );
});

test('another secret, name or time gives another password', () => {
  const { credential } = turnCredentials(options);
  expect(turnCredentials({ ...options, secret: 'south' }).credential).not.toBe(credential);
  expect(turnCredentials({ ...options, name: 'p-2' }).credential).not.toBe(credential);
  expect(turnCredentials({ ...options, nowMs: options.nowMs + 1000 }).credential).not.toBe(credential);
});

test('a colon in the name cannot shift the expiry', () => {
  expect(turnCredentials({ ...options, name: '9999999999:x' }).username).toBe('1700000600:9999999999_x');
});
