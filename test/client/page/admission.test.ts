import { expect, it } from 'vitest';
import { faultCode } from '../../../client/page/admission.ts';
import { explainMediaError } from '../../../client/page/devices.ts';
import { initialsOf } from '../../../client/page/view/tile.ts';

it.each([
  [401, 'invite_expired', 'invite_expired'],
  [401, 'invite_invalid', 'invite_invalid'],
  [403, '', 'invite_invalid'],
  [429, 'limit_reached', 'room_full'],
  [429, 'rate_limited', 'server_away'],
  [503, 'stopping', 'server_away'],
  [502, '', 'server_away'],
  [400, 'malformed', 'refused'],
])('an answer %i %s is %s to the person', (status, code, fault) => {
  expect(faultCode(status, code)).toBe(fault);
});

it.each([
  ['camera', 'NotAllowedError', /camera is blocked.*not see you/],
  ['microphone', 'NotFoundError', /No microphone.*not hear you/],
  ['camera', 'NotReadableError', /in use/],
  ['microphone', 'SomethingNew', /did not start \(SomethingNew\)/],
  // The person closed the browser's own dialogue: nothing to explain.
  ['screen', 'NotAllowedError', /^$/],
] as const)('%s that fails with %s is explained', (source, name, text) => {
  expect(explainMediaError(source, new DOMException('', name))).toMatch(text);
});

it.each([
  ['Ana', 'A'],
  ['ana maría ruiz', 'AR'],
  ['  Bo   Lindqvist ', 'BL'],
  ['😀 Smile', '😀S'],
  ['', ''],
])('initials of “%s” are “%s”', (name, initials) => {
  expect(initialsOf(name)).toBe(initials);
});
