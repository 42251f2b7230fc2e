import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { pagerDuty } from '../../../alerts/delivery/pagerduty.ts';
import { slack } from '../../../alerts/delivery/slack.ts';
import { type AlertMessage, messageSchema } from '../../../alerts/message.ts';
import { type FleetOptions, minuteMs } from '../../../lab/alerts/fleet.ts';
import { scenarios } from '../../../lab/alerts/scenarios.ts';
import { type AlertContext, evaluate } from '../../../pipelines/alerts/evaluate.ts';
import { Store } from '../../../pipelines/store/store.ts';
import type { AlertRow } from '../../../telemetry/alerts.ts';
import { openTestStore, type TestStore } from '../support/store.ts';
import { fillFleet } from './fleet.ts';

/*
 * Faults as rows of the store, evaluated minute by minute as if they happened: the region that loses joins, and the
 * failure scenarios of the design, each of which must raise exactly the right alert.
 */
const receivers = [slack('http://127.0.0.1:9/slack'), pagerDuty('http://127.0.0.1:9', 'key')];
const bases = { dashboards: 'https://grafana.example', inspector: 'https://inspector.example' };
const logged: string[] = [];
const log = new Proxy({} as AlertContext['log'], {
  get: () => (_about: unknown, text: string) => logged.push(text),
});
/** Whole hours ago: the day's boundary is nothing special. */
const start = Math.floor(Date.now() / minuteMs) - 6 * 60;
const fault = start + 60;
const region = scenarios.find(({ name }) => name === 'region-joins')!;

let store: TestStore;
let used: Store;

const open = async () => {
  store = await openTestStore(inject('clickhouseUrl'));
  used = new Store(store.url, 'patient');
};
const close = async () => {
  await used?.close();
  await store?.close();
};

interface Told {
  readonly messages: AlertMessage[];
  readonly alerts: AlertRow[];
}

/** Every minute from the fault on, each with a context of its own: nothing is kept in memory between them. */
async function happen(fleet: Omit<FleetOptions, 'fromMinute'>, untilMinute: number): Promise<Told> {
  await fillFleet(store, { fromMinute: start, ...fleet });
  for (let minute = fault - 2; minute <= untilMinute; minute += 1) {
    const now = () => minute * minuteMs + 25_000;
    await evaluate({ store: used, receivers, bases, log, now });
  }
  const rows = await store.rows<{ message: string }>(
    "SELECT message FROM alert_notice FINAL WHERE receiver = 'slack' ORDER BY made_at, notice_id",
  );
  const alerts = await store.rows<AlertRow>(
    "SELECT * FROM alert FINAL WHERE status != 'dropped' ORDER BY began_at",
  );
  return { messages: rows.map(({ message }) => messageSchema.parse(JSON.parse(message))), alerts };
}

beforeAll(open);
afterAll(close);

const afresh = async () => {
  await close();
  await open();
};

test('a region that loses 20 % of joins pages once, names region and cause, and is over once', async () => {
  const { messages, alerts } = await happen({ toMinute: fault + 100, ...region.fleet(fault) }, fault + 80);
  expect(messages.map(({ kind, slo, severity }) => [kind, slo, severity])).toEqual([
    ['firing', 'join-success', 'page'],
    ['resolved', 'join-success', 'page'],
  ]);
  const [page, over] = messages;
  expect(alerts).toHaveLength(1);
  // One join of five fails there: an hour burns above 14.4 once 1.44 % of it are bad, in the fifth minute, with five bad
  // joins. All together would take 18 minutes.
  expect(page!.firedMs / minuteMs - fault).toBeLessThanOrEqual(5 + 3);
  expect(page!.scope).toBe('country=DE');
  expect(page!.sinceMs / minuteMs - fault).toBeLessThanOrEqual(1);
  expect(page!.factor).toBe(region.expected.factor);
  expect(page!.headline).toMatch(region.expected.says);
  expect(page!.links.map(({ title }) => title)).toEqual([
    'Dashboard',
    // All that there are by then.
    ...Array.from({ length: 6 }, (_, i) => `Worst call ${i + 1}`),
  ]);
  expect(page!.links[0]!.url).toMatch(/^https:\/\/grafana\.example\/d\/callscope-join\?from=\d+&to=\d+$/);
  expect(over!.headline).toMatch(/^Over since/);
  const pages = await store.rows<{ n: number }>(
    "SELECT count() AS n FROM alert_notice FINAL WHERE receiver = 'pagerduty'",
  );
  expect(Number(pages[0]!.n)).toBe(2);
}, 120_000);

test('minutes that were missed are caught up, and a minute evaluated again changes nothing', async () => {
  const before = await store.rows<AlertRow>('SELECT * FROM alert FINAL ORDER BY alert_id');
  await store.client.command({
    query: `DELETE FROM alert_run WHERE through > toDateTime(${(fault + 2) * 60})`,
  });
  await store.client.command({ query: 'TRUNCATE TABLE alert' });
  await evaluate({ store: used, receivers, bases, log, now: () => (fault + 25) * minuteMs + 25_000 });
  await evaluate({ store: used, receivers, bases, log, now: () => (fault + 25) * minuteMs + 25_000 });
  const after = await store.rows<AlertRow>("SELECT * FROM alert FINAL WHERE status = 'firing'");
  expect(after.map(({ alert_id, fired_at }) => [alert_id, fired_at])).toEqual([
    [before[0]!.alert_id, before[0]!.fired_at],
  ]);
  const told = (kind: string) =>
    store.rows<{ n: number }>(`SELECT count() AS n FROM alert_notice FINAL WHERE kind = '${kind}'`);
  expect(Number((await told('firing'))[0]!.n)).toBe(2);
  // Away for an hour, in which it ended: that is told late, not never.
  await store.client.command({
    query: "ALTER TABLE alert_notice DELETE WHERE kind = 'resolved' SETTINGS mutations_sync = 1",
  });
  await evaluate({ store: used, receivers, bases, log, now: () => (fault + 90) * minuteMs + 25_000 });
  expect(Number((await told('resolved'))[0]!.n)).toBe(2);
}, 60_000);

test.each(scenarios.filter(({ name }) => name !== region.name).map((one) => [one.title, one] as const))(
  '%s: exactly the right alert',
  async (_title, { fleet, expected }) => {
    await afresh();
    const { messages } = await happen({ toMinute: fault + 40, ...fleet(fault) }, fault + 35);
    const firing = messages.filter(({ kind }) => kind === 'firing');
    expect(firing).toMatchObject([
      { severity: expected.severity, slo: expected.slo, scope: expected.scope, factor: expected.factor },
    ]);
    expect(firing[0]!.headline).toMatch(expected.says);
  },
  60_000,
);

const steady = { toMinute: fault + 40, joinsPerMinute: 20 };

test('in maintenance nobody is told, and what still fires after it is told then', async () => {
  await afresh();
  await store.client.insert({
    table: 'alert_maintenance',
    values: [
      {
        maintenance_id: 'm',
        slo: 'join-success',
        from_at: fault * minuteMs,
        to_at: (fault + 15) * minuteMs,
        reason: 'x',
        revision: 1,
      },
    ],
    format: 'JSONEachRow',
  });
  const { messages } = await happen(
    {
      ...steady,
      trouble: ({ country }, minute) => (country === 'PL' && minute >= fault ? { joinError: 'x' } : {}),
    },
    fault + 20,
  );
  const page = messages.find(({ slo }) => slo === 'join-success')!;
  const made = await store.rows<{ ms: number }>(
    `SELECT toUnixTimestamp64Milli(min(made_at)) AS ms FROM alert_notice FINAL WHERE alert_id = '${page.alertId}'`,
  );
  expect(page.firedMs).toBeLessThan((fault + 10) * minuteMs);
  expect(Number(made[0]!.ms) / minuteMs).toBeGreaterThanOrEqual(fault + 15);
}, 60_000);
