/** `npm run alerts`: what is promised, what would have fired, a sample through the real path, maintenance. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { z } from 'zod';
import type { AlertNoticeRow, AlertRow } from '../telemetry/alerts.ts';
import { ConfigError, readConfig, setting } from '../telemetry/service/config.ts';
import { backfill } from './backfill.ts';
import { longestMinutes, longestPageMinutes } from './burn.ts';
import { concernNamed, isFault } from './concerns.ts';
import { explain } from './explain.ts';
import { faults } from './faults/list.ts';
import { faultMinutes } from './faults/verdict.ts';
import { headline, messageOf } from './message.ts';
import { noticesOf } from './notices.ts';
import { type AlertsCommand, help, readCommand, UsageError } from './options.ts';
import { type PitfallRow, pitfallsSql } from './pitfalls/list.ts';
import { replay } from './replay.ts';
import { sample } from './sample.ts';
import { alertSettings, linkBasesOf, receiversOf } from './settings.ts';
import { slos } from './slos/list.ts';
import { type MinutesRow, minutesSql, parametrised, type RegionRow, seriesOf } from './slos/minutes.ts';
import { regionSeriesSql } from './slos/regions.ts';
import { concernsText, pitfallsText } from './text.ts';

const minuteMs = 60_000;
const settingsSchema = z.object({ ...alertSettings, CALLSCOPE_CLICKHOUSE_URL: setting.httpUrl() });
/** The pipelines look every few seconds; a receiver that takes longer is told to be down. */
const testLimitMs = 60_000;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  try {
    const command = readCommand(args);
    if (command === 'help') {
      process.stdout.write(help);
      return 0;
    }
    if (command.name === 'list') {
      print(concernsText());
      return 0;
    }
    return await withStore(command);
  } catch (error) {
    if (error instanceof UsageError || error instanceof ConfigError) {
      process.stderr.write(`${error.message}\n\nnpm run alerts -- --help tells what there is.\n`);
      return 2;
    }
    process.stderr.write(`alerts: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

async function withStore(command: Exclude<AlertsCommand, { name: 'list' }>): Promise<number> {
  const settings = readConfig(settingsSchema);
  const client = createClient({
    url: settings.CALLSCOPE_CLICKHOUSE_URL,
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0, async_insert: 0 },
    log: { level: 127 },
  });
  try {
    if (command.name === 'replay') return await showReplay(client, command);
    if (command.name === 'pitfalls') return await showPitfalls(client, command);
    if (command.name === 'backfill') {
      await backfill(client, { ...command, onHour: (ms) => print(`${text(ms)} is counted anew`) });
      return 0;
    }
    if (command.name === 'maintenance') {
      await addMaintenance(client, command);
      return 0;
    }
    return await fireTest(client, command.slo, settings);
  } finally {
    await client.close();
  }
}

/** What would have fired, judged by what the store holds now: late data included. */
async function showReplay(
  client: ClickHouseClient,
  { fromMs, toMs, json }: Extract<AlertsCommand, { name: 'replay' }>,
): Promise<number> {
  const from = Math.ceil(fromMs / minuteMs);
  const to = Math.floor(toMs / minuteMs);
  const result = await client.query({
    query: minutesSql(slos),
    query_params: { from: (from - longestMinutes) * minuteMs, to: to * minuteMs },
    format: 'JSONEachRow',
  });
  const faultRows = await client.query({
    query: minutesSql(faults),
    query_params: { from: (from - faultMinutes) * minuteMs, to: to * minuteMs },
    format: 'JSONEachRow',
  });
  const regions = await client.query({
    query: regionSeriesSql,
    query_params: { from: (from - longestPageMinutes) * minuteMs, to: to * minuteMs },
    format: 'JSONEachRow',
  });
  const series = new Map([
    ...seriesOf(await result.json<MinutesRow>(), slos, await regions.json<RegionRow>()),
    ...seriesOf(await faultRows.json<MinutesRow>(), faults),
  ]);
  const { changes } = replay({ slos, faults, series, alerts: new Map(), from, to });
  const fired = [...new Map(changes.map((alert) => [alert.alert_id, alert])).values()].filter(
    ({ fired_at }) => fired_at !== null,
  );
  if (json) {
    print(JSON.stringify({ from: from * minuteMs, to: to * minuteMs, alerts: fired }, null, 2));
    return 0;
  }
  for (const alert of fired) {
    const slo = concernNamed(alert.slo);
    const query = async <Row>(sql: string, parameters: Record<string, number | string>) => {
      const answer = await client.query({ query: sql, query_params: parameters, format: 'JSONEachRow' });
      return answer.json<Row>();
    };
    print(firedText(alert, headline(slo, alert, await explain(query, slo, alert, alert.fired_at!))));
  }
  const pages = fired.filter(({ severity }) => severity === 'page').length;
  print(
    `${pages} pages, ${fired.length - pages} tickets from ${text(from * minuteMs)} to ${text(to * minuteMs)}`,
  );
  return 0;
}

async function showPitfalls(
  client: ClickHouseClient,
  { fromMs, toMs, json }: Extract<AlertsCommand, { name: 'pitfalls' }>,
): Promise<number> {
  const result = await client.query({
    query: pitfallsSql(parametrised),
    query_params: { from: fromMs, to: toMs },
    format: 'JSONEachRow',
  });
  const found = await result.json<PitfallRow>();
  print(json ? JSON.stringify({ from: fromMs, to: toMs, found }, null, 2) : pitfallsText(found));
  return 0;
}

function firedText(alert: AlertRow, first: string): string {
  const end = alert.ended_at === null ? 'still open' : `to ${text(alert.ended_at)}`;
  return `${alert.severity.padEnd(6)}  ${text(alert.fired_at!)} ${end}  ${alert.burn_window.padEnd(6)}  ${first}`;
}

async function addMaintenance(
  client: ClickHouseClient,
  { slo, fromMs, toMs, reason }: Extract<AlertsCommand, { name: 'maintenance' }>,
): Promise<void> {
  const row = {
    maintenance_id: randomUUID(),
    slo,
    from_at: fromMs,
    to_at: toMs,
    reason,
    revision: Date.now(),
  };
  await client.insert({ table: 'alert_maintenance', values: [row], format: 'JSONEachRow' });
  print(`${slo || 'all alerts'}: nobody is told from ${text(fromMs)} to ${text(toMs)}; what fires is kept`);
}

/** Writes the notices that an alert would; the pipelines deliver them like any other. */
async function fireTest(
  client: ClickHouseClient,
  name: string,
  settings: z.infer<typeof settingsSchema>,
): Promise<number> {
  const slo = concernNamed(name);
  const receivers = receiversOf(settings);
  if (receivers.length === 0)
    throw new UsageError('no receiver is set: docs/environment.md, "Alerts", lists the variables');
  const nowMs = Date.now();
  const alertId = `test-${slo.name}-${nowMs}`;
  const alert: AlertRow = {
    alert_id: alertId,
    slo: slo.name,
    kind: isFault(slo) ? 'fault' : 'burn',
    severity: isFault(slo) ? slo.severity : 'page',
    scope: '',
    status: 'firing',
    group_id: alertId,
    began_at: nowMs - 2 * minuteMs,
    since_at: nowMs - 10 * minuteMs,
    fired_at: nowMs,
    calm_at: null,
    ended_at: null,
    told: true,
    burn_window: '1h/5m',
    burn: 20,
    bad: 41,
    total: 300,
    factor: 'country=XX',
    headline: '',
    explanation: '',
    revision: nowMs,
  };
  let failed = 0;
  for (const kind of ['firing', 'resolved'] as const) {
    const message = messageOf({
      slo,
      alert: kind === 'firing' ? alert : { ...alert, status: 'resolved', ended_at: Date.now() },
      kind,
      explanation: sample,
      bases: linkBasesOf(settings),
      othersOpen: false,
      nowMs: Date.now(),
      test: true,
    });
    const notices = noticesOf(message, receivers, Date.now());
    await client.insert({ table: 'alert_notice', values: notices, format: 'JSONEachRow' });
    print(`${kind}: ${message.headline}`);
    for (const notice of await outcomes(client, message.noticeId, notices.length)) {
      if (notice.sent_at === null) failed += 1;
      print(`  ${notice.receiver}: ${outcomeText(notice)}`);
    }
  }
  return failed === 0 ? 0 : 1;
}

function outcomeText({ sent_at, attempts, last_error }: AlertNoticeRow): string {
  if (sent_at !== null) return attempts > 1 ? `taken at attempt ${attempts}` : 'taken';
  if (attempts > 0) return `not taken so far (${attempts} attempts): ${last_error}; it is tried on`;
  return 'not tried so far: do the pipelines run, with the same settings?';
}

async function outcomes(
  client: ClickHouseClient,
  noticeId: string,
  wanted: number,
): Promise<AlertNoticeRow[]> {
  const deadline = Date.now() + testLimitMs;
  for (;;) {
    const result = await client.query({
      query: 'SELECT * FROM alert_notice FINAL WHERE notice_id = {noticeId:String} ORDER BY receiver',
      query_params: { noticeId },
      format: 'JSONEachRow',
    });
    const rows = await result.json<AlertNoticeRow>();
    const settled = rows.filter(({ sent_at }) => sent_at !== null).length;
    if (settled === wanted || Date.now() > deadline) return rows;
    await delay(250);
  }
}

function text(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16)}Z`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
