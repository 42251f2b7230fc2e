import { expect, test } from 'vitest';
import { unexplained } from '../../alerts/explain.ts';
import { groupOf } from '../../alerts/incident.ts';
import type { AlertRow } from '../../telemetry/alerts.ts';

const minute = 60_000;
const alert = (id: string, more: Partial<AlertRow> = {}) =>
  ({
    alert_id: id,
    group_id: id,
    severity: 'page',
    status: 'firing',
    told: true,
    since_at: 0,
    fired_at: 0,
    slo: 'join-success',
    scope: '',
    factor: '',
    explanation: '',
    ...more,
  }) as AlertRow;

const region = (id: string, country: string, cause: string) =>
  alert(id, {
    scope: `country=${country}`,
    factor: `country=${country}`,
    explanation: JSON.stringify({ ...unexplained, causes: [{ cause, people: 9 }] }),
  });

test.each([
  [
    'the same factor, an hour later',
    alert('b', { since_at: 60 * minute, factor: 'x=1' }),
    alert('a', { factor: 'x=1' }),
    'a',
  ],
  [
    'about the same time, no factor',
    alert('b', { since_at: 5 * minute }),
    alert('a', { factor: 'x=1' }),
    'a',
  ],
  ['another factor', alert('b', { factor: 'x=2' }), alert('a', { factor: 'x=1' }), 'b'],
  ['an hour later, no factor', alert('b', { since_at: 60 * minute }), alert('a'), 'b'],
  ['one that was not told', alert('b'), alert('a', { told: false }), 'b'],
  ['one that is over', alert('b'), alert('a', { status: 'resolved' }), 'b'],
  ['a page does not hide in a ticket', alert('b'), alert('a', { severity: 'ticket' }), 'b'],
  ['a ticket joins a page', alert('b', { severity: 'ticket' }), alert('a'), 'a'],
  ['two regions that say the same', region('b', 'DE', 'ICE failed'), region('a', 'FR', 'ICE failed'), 'a'],
  ['two regions that do not', region('b', 'DE', 'ICE failed'), region('a', 'FR', 'no answer'), 'b'],
  ['a member leads to its incident', alert('c'), alert('b', { group_id: 'a' }), 'a'],
])('%s', (_name, fresh, open, group) => {
  expect(groupOf(fresh, [open, fresh])).toBe(group);
});
