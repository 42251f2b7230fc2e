/**
 * Every panel's query on a real ClickHouse, with the data source's macros expanded as it does: it runs, returns what
 * its kind of panel can show, and costs what the time range holds and not what the store holds.
 */
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { migrate } from '../../collector/schema/migrate.ts';
import { alertRuleGroups, burnSql, burnWindows } from '../../dashboards/alert-rules.ts';
import { panelsOf } from '../../dashboards/board.ts';
import { severeIncidentsSql } from '../../dashboards/grafana/dashboard.ts';
import { variableQueries } from '../../dashboards/grafana/variables.ts';
import { boards } from '../../dashboards/list.ts';
import { all, type MacroContext } from '../../dashboards/macros.ts';
import { runQuery } from '../../dashboards/run.ts';
import { fillSample } from '../../dashboards/sample/fill.ts';
import type { SampleCall } from '../../dashboards/sample/world.ts';
import { expectShape } from './shape.ts';

const database = `dashboards_${process.pid}`;
const hourMs = 3_600_000;
// On the hour before last, so that no panel depends on the second it is asked in.
const endMs = Math.floor((Date.now() - hourMs) / hourMs) * hourMs;
let client: ClickHouseClient;
let call: SampleCall;
const early: SampleCall[] = [];

beforeAll(async () => {
  const url = new URL(inject('clickhouseUrl'));
  const admin = createClient({ url });
  await admin.command({ query: `CREATE DATABASE ${database}` });
  await migrate(admin, { database });
  await admin.close();
  url.pathname = `/${database}`;
  client = createClient({ url, log: { level: 127 } });
  call = await fillSample(client, { seed: 7, endMs, hours: 6, calls: 600 });
  // Days that no panel of the last hours may read.
  for (const days of [3, 4, 5]) {
    early.push(
      await fillSample(client, { seed: days, endMs: endMs - days * 24 * hourMs, hours: 6, calls: 360 }),
    );
  }
});

afterAll(async () => {
  await client?.command({ query: `DROP DATABASE ${database} SYNC` });
  await client?.close();
});

const contextOf = (boardName: string, more: Partial<MacroContext['variables']> = {}): MacroContext => ({
  fromMs: boardName === 'call' ? call.startMs - 60_000 : endMs - 4 * hourMs,
  toMs: boardName === 'call' ? call.endMs + 60_000 : endMs,
  intervalMs: 60_000,
  variables: {
    tenant: all,
    node: all,
    call: call.callId,
    sample: '20',
    inspector: '',
    ...more,
  } as MacroContext['variables'],
});

describe.each(boards.map((board) => [board.title, board] as const))('%s', (_title, board) => {
  test.each(panelsOf(board).map((panel) => [panel.title, panel] as const))('%s', async (_name, panel) => {
    const answer = await runQuery(client, panel.sql, contextOf(board.name));
    expectShape(panel, answer);
    expect(answer.rows.length).toBeGreaterThan(0);
    // Four spans of equal size lie days apart. A query that read them all would read at least twice this.
    const everything = await runQuery(client, panel.sql, {
      ...contextOf(board.name),
      fromMs: endMs - 6 * 24 * hourMs,
    });
    expect(answer.readRows).toBeLessThan(60_000);
    if (everything.readRows > 60_000) expect(answer.readRows).toBeLessThan(everything.readRows / 2);
  });

  test('every panel answers for a tenant and a node without anything', async () => {
    for (const panel of panelsOf(board)) {
      const answer = await runQuery(
        client,
        panel.sql,
        contextOf(board.name, { tenant: ["no'body"], node: ['none'] }),
      );
      expectShape(panel, answer);
    }
  });
});

describe('the numbers are those of the data', () => {
  const only = async (title: string, boardName: string) => {
    const board = boards.find(({ name }) => name === boardName)!;
    const panel = panelsOf(board).find((one) => one.title === title)!;
    return (await runQuery(client, panel.sql, contextOf(boardName))).rows;
  };

  test('the overloaded node and relay over TCP lead the movers', async () => {
    const rows = await only('Groups that suffer more than the rest', 'quality');
    const leaders = rows.slice(0, 3).map(([dimension, value]) => `${dimension} ${value}`);
    expect(leaders).toEqual(expect.arrayContaining(['path relay tcp', 'SFU sfu-fra-2']));
    const [, , people, bad, share, , risk, atLeast] = rows.find(([, value]) => value === 'relay tcp')!;
    expect(share).toBeCloseTo(Number(bad) / Number(people), 9);
    expect(risk).toBeGreaterThan(3);
    expect(atLeast).toBeGreaterThan(1);
    expect(atLeast).toBeLessThan(Number(risk));
  });

  test('a participant is counted once, however often its summary was written', async () => {
    const before = await only('Groups that suffer more than the rest', 'quality');
    await client.command({
      query: `INSERT INTO participant_summary SELECT * REPLACE (revision + 1 AS revision, first_seen_at - toIntervalMillisecond(1) AS first_seen_at)
FROM participant_summary FINAL WHERE first_seen_at > now() - INTERVAL 1 DAY`,
    });
    expect(await only('Groups that suffer more than the rest', 'quality')).toEqual(before);
  });

  test("attempts are those of the client's join spans", async () => {
    const [[attempts] = []] = await only('Attempts', 'join');
    const truth = await client.query({
      query: `SELECT count() AS n FROM rtc_span WHERE name = 'rtc.join'
AND toStartOfMinute(time) BETWEEN fromUnixTimestamp64Milli({from:Int64}) AND fromUnixTimestamp64Milli({to:Int64})`,
      query_params: { from: endMs - 4 * hourMs, to: endMs },
      format: 'JSONEachRow',
    });
    expect(attempts).toBe(Number((await truth.json<{ n: string }>())[0]!.n));
  });
});

describe('alert rules', () => {
  const at = (ms: number, query: { relativeTimeRange?: { from?: number }; model: object }) =>
    runQuery(client, (query.model as { rawSql: string }).rawSql, {
      fromMs: ms - (query.relativeTimeRange?.from ?? 0) * 1_000,
      toMs: ms,
      intervalMs: 60_000,
      variables: {},
    });

  test.each(alertRuleGroups().flatMap(({ rules }) => rules.map((rule) => [rule.title, rule] as const)))(
    '%s',
    async (_name, rule) => {
      const { rows, columns } = await at(endMs, rule.data[0]!);
      expect(columns).toHaveLength(1);
      expect(rows).toHaveLength(1);
      expect(rows[0]![0]).toBeGreaterThanOrEqual(0);
    },
  );

  test('a burn rate is that of both windows, and no trouble is none', async () => {
    const minutes = (bad: string) =>
      `SELECT toDateTime(${endMs / 1_000} - 60 * number) AS minute, 100 - ${bad} AS good, 100 AS total FROM numbers(60)`;
    const [window] = burnWindows;
    const burn = async (bad: string) => {
      const query = burnSql({ title: '', promise: '', objective: 0.99, minutes: minutes(bad) }, window!);
      return (await at(endMs, { relativeTimeRange: { from: 3_600 }, model: { rawSql: query } })).rows[0]![0];
    };
    expect(await burn('0')).toBe(0);
    expect(await burn('20')).toBeCloseTo(20, 6);
    // Over now: the long window still burns, the short one does not.
    expect(await burn('if(number > 10, 50, 0)')).toBe(0);
    // Just begun: the short window burns at 100, the long one at little yet.
    expect(await burn('if(number < 5, 100, 0)')).toBeCloseTo((5 / 60) * 100, 6);
    // Four bad events are chance.
    expect(await burn('if(number < 4, 1, 0)')).toBe(0);
  });
});

test.each(Object.entries(variableQueries))('the list of %s', async (_name, sql) => {
  const { rows } = await runQuery(client, sql, contextOf('fleet'));
  expect(rows.length).toBeGreaterThan(1);
});

test('marks of severe incidents', async () => {
  const { columns } = await runQuery(client, severeIncidentsSql, contextOf('fleet'));
  expect(columns.map(({ name }) => name)).toEqual(['time', 'timeEnd', 'text', 'tags']);
});
