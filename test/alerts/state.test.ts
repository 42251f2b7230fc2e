import { describe, expect, test } from 'vitest';
import { burnOf, sumsOf, windowPairs } from '../../alerts/burn.ts';
import { sloNamed } from '../../alerts/slos/list.ts';
import { type Alerts, step } from '../../alerts/state.ts';
import type { Verdict } from '../../alerts/verdict.ts';
import type { AlertRow, Severity } from '../../telemetry/alerts.ts';

const slo = sloNamed('join-success');
const minute = 60_000;
const bad = sumsOf({ minutes: [0], good: [0], total: [100] });

const holds = (severity: Severity): Verdict => ({
  kind: 'burn',
  severity,
  scope: '',
  state: 'holds',
  since: 0,
  burn: burnOf(slo, bad, windowPairs.find((pair) => pair.severity === severity)!, 1),
});
const calm = (severity: Severity): Verdict => ({ kind: 'burn', severity, scope: '', state: 'calm' });
const unknown = (severity: Severity): Verdict => ({ kind: 'burn', severity, scope: '', state: 'unknown' });

/** One letter a minute: x holds, . calm, ? unknown. */
function play(letters: Partial<Record<Severity, string>>): AlertRow[] {
  let alerts: Alerts = new Map();
  const rows: AlertRow[] = [];
  const length = Math.max(...Object.values(letters).map((text) => text.length));
  for (let i = 0; i < length; i += 1) {
    const verdicts = (Object.keys(letters) as Severity[]).map((severity) => {
      const letter = letters[severity]![i];
      return {
        slo,
        verdict: letter === 'x' ? holds(severity) : letter === '?' ? unknown(severity) : calm(severity),
      };
    });
    const moved = step(alerts, verdicts, i * minute);
    alerts = moved.alerts;
    rows.push(...moved.changed);
  }
  return rows;
}

const told = (rows: AlertRow[]) =>
  rows.flatMap((row) =>
    row.fired_at === row.revision
      ? [`${row.severity} fires ${row.fired_at / minute}`]
      : row.ended_at !== null
        ? [`${row.severity} ${row.status} ${row.ended_at / minute}`]
        : [],
  );

describe('a page', () => {
  test.each([
    [
      'waits a minute, and ends five minutes after the last sign',
      '.xxx......',
      ['page fires 2', 'page resolved 9'],
    ],
    ['of one minute is dropped', '.x........', ['page dropped 2']],
    ['that comes back before it ended is the same', '.xxx...xx......', ['page fires 2', 'page resolved 14']],
    ['that is blind stays as it is', '.xxx?????????????', ['page fires 2']],
    ['that ended opens anew', '.xx.......xx', ['page fires 2', 'page resolved 8', 'page fires 11']],
  ])('%s', (_name, letters, wanted) => {
    expect(told(play({ page: letters }))).toEqual(wanted);
  });
});

test('the page takes over from a ticket about the same, and no ticket repeats it after its end', () => {
  const rows = play({
    ticket: `xxxxxxxxxxxxxxxx${'x'.repeat(60)}`,
    page: `........xxxx....${'.'.repeat(60)}`,
  });
  expect(told(rows)).toEqual(['ticket fires 5', 'page fires 9', 'ticket resolved 9', 'page resolved 17']);
});

test('a minute that is evaluated again makes the same alert', () => {
  const once = step(new Map(), [{ slo, verdict: holds('page') }], 5 * minute);
  const again = step(new Map(), [{ slo, verdict: holds('page') }], 5 * minute);
  expect(again.changed).toEqual(once.changed);
  expect(once.changed[0]!.alert_id).toBe('join-success-burn-page-5');
});
