import { expect, test } from 'vitest';
import { readCommand, UsageError } from '../../alerts/options.ts';

const now = Date.parse('2026-11-25T09:00Z');
const hour = 3_600_000;

test.each([
  [['list'], { name: 'list' }],
  [['test', 'mos'], { name: 'test', slo: 'mos' }],
  [
    ['replay', '--from', '-3h', '--to', 'now', '--json'],
    { name: 'replay', fromMs: now - 3 * hour, toMs: now, json: true },
  ],
  [
    ['replay', '--from', '2026-11-01T00:00Z', '--to', '2026-11-02T00:00Z'],
    {
      name: 'replay',
      fromMs: Date.parse('2026-11-01T00:00Z'),
      toMs: Date.parse('2026-11-02T00:00Z'),
      json: false,
    },
  ],
  [
    ['maintenance', '--from', 'now', '--to', '+2h', '--reason', 'new relays'],
    { name: 'maintenance', slo: '', fromMs: now, toMs: now + 2 * hour, reason: 'new relays' },
  ],
  [[], 'help'],
  [['replay', '--help'], 'help'],
])('%j', (args, wanted) => {
  expect(readCommand(args, now)).toEqual(wanted);
});

test.each([
  [['fire'], /no command "fire"/],
  [['test'], /name of an SLO or fault is missing; there are join-success/],
  [['test', 'nope'], /no SLO or fault "nope"/],
  [['replay', '--to', 'now'], /--from: expected a time/],
  [['replay', '--from', 'now', '--to', '-1h'], /--from must be before --to/],
  [['maintenance', '--from', 'now', '--to', '+1h'], /--reason is missing/],
  [['list', '--colour'], /colour/],
])('%j is refused', (args, message) => {
  expect(() => readCommand(args, now)).toThrow(UsageError);
  expect(() => readCommand(args, now)).toThrow(message);
});
