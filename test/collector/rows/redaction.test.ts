import { expect, test } from 'vitest';
import { AttributeMap } from '../../../collector/rows/attributes.ts';
import { defaultRedaction, redactedValue, redaction } from '../../../collector/rows/redaction.ts';
import { clientStats, sfuStats } from '../../../telemetry/stats.ts';

test.each([
  ['password', true],
  ['db.password.hash', true],
  ['http.request.header.Authorization', true],
  ['session_token', true],
  ['user.email', true],
  ['user.phone', true],
  ['home_phone', true],
  ['microphone_state', false],
  ['user_agent.name', false],
  ['rtc.state', false],
])('%s: %s', (name, covered) => {
  expect(defaultRedaction.covers(name)).toBe(covered);
});

test('nothing that is measured is covered', () => {
  const columns = [...Object.values(clientStats), ...Object.values(sfuStats)].flatMap(({ members }) =>
    members.map(({ column }) => column),
  );
  expect(columns.filter((column) => defaultRedaction.covers(column))).toEqual([]);
});

test('names are taken as they are, stars apart', () => {
  const { covers } = redaction(['a.b', 'x*']);
  expect(['a.b', 'A.B', 'axb', 'xyz', 'ax'].map(covers)).toEqual([true, true, false, true, false]);
  expect(redaction([]).covers('')).toBe(false);
});

test('the name stays, the value goes, within lists and maps too', () => {
  const map = new AttributeMap(defaultRedaction);
  map.set('rtc.password', 'hunter2');
  map.set('list', [new Map([['email', 'ann@example.org']])]);
  expect({ ...map.entries }).toEqual({ password: redactedValue, list: `[{"email":"${redactedValue}"}]` });
});
