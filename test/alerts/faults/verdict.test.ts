import { expect, test } from 'vitest';
import { faults } from '../../../alerts/faults/list.ts';
import { faultMinutes } from '../../../alerts/faults/verdict.ts';
import { replay } from '../../../alerts/replay.ts';
import type { Series } from '../../../alerts/slos/minutes.ts';
import type { AlertRow } from '../../../telemetry/alerts.ts';
import { none } from '../support/series.ts';

const [fault] = faults;
const first = 1_000;

/** One letter a minute: x a sign, . readings without one, - nothing at all. */
function play(letters: string): AlertRow[] {
  const told = [...letters].flatMap((letter, i) => (letter === '-' ? [] : [{ letter, minute: first + i }]));
  const series: Series = {
    minutes: told.map(({ minute }) => minute),
    good: told.map(({ letter }) => (letter === '.' ? 3 : 2)),
    total: told.map(() => 3),
    witness: none,
  };
  const { changes } = replay({
    slos: [],
    faults: [fault!],
    series: new Map([[fault!.name, series]]),
    alerts: new Map(),
    from: first,
    to: first + letters.length,
  });
  return [...new Map(changes.map((alert) => [alert.alert_id, alert])).values()];
}

const minutesOf = ({ since_at, fired_at, ended_at }: AlertRow) =>
  [since_at, fired_at, ended_at].map((ms) => (ms === null ? null : ms / 60_000 - first));

test.each<[string, string, (number | null)[][]]>([
  ['no sign is no alert', '..........', []],
  ['nothing told is no alert', '----------', []],
  ['one sign fires with its minute and is over five later', '.x..........', [[1, 2, 2 + faultMinutes]]],
  ['signs that go on are one alert', '.xxxxxxx.......', [[1, 2, 8 + faultMinutes]]],
  ['a sign before the end is of the same', '.x...x.........', [[1, 2, 6 + faultMinutes]]],
  [
    'a sign after it is another',
    '.x........x....',
    [
      [1, 2, 7],
      [10, 11, null],
    ],
  ],
])('%s', (_what, letters, expected) => {
  const alerts = play(letters);
  expect(alerts.map(minutesOf)).toEqual(expected);
  for (const alert of alerts)
    expect(alert).toMatchObject({ slo: fault!.name, kind: 'fault', severity: fault!.severity, scope: '' });
});
