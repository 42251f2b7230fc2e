/**
 * Draws dashboards into pictures for the docs, from the same queries that Grafana would run: of the ClickHouse that is
 * named, else of a made-up fleet in one that is started for it and thrown away.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { migrate } from '../../collector/schema/migrate.ts';
import { launchBrowser } from '../../lab/participants/browser.ts';
import { startClickHouse } from '../../runtime/embedded/clickhouse.ts';
import { type Board, panelsOf, uidOf } from '../board.ts';
import { boardWidth } from '../layout.ts';
import { all, intervalFor, type MacroContext } from '../macros.ts';
import type { Panel } from '../panel.ts';
import { type Answer, runQuery } from '../run.ts';
import { fillSample } from '../sample/fill.ts';
import { page, pageWidth } from './page.ts';
import { photograph } from './photograph.ts';

export interface Picture {
  readonly file: string;
  readonly bytes: number;
}

/** What there is to draw from. */
interface Source {
  readonly client: ClickHouseClient;
  readonly note: string;
  /** The last moment that there is something of. */
  readonly endMs: number;
  /** The call that its dashboard shows. */
  readonly call: { readonly id: string; readonly fromMs: number; readonly toMs: number };
  close(): Promise<void>;
}

/** What a picture looks back at, at most. The made-up fleet is twice as long, so that there is a before. */
const sampleHours = 6;

/** @throws BrowserMissing without Chromium; ClickHouseError when a query fails */
export async function* preview(boards: readonly Board[], folder: string): AsyncGenerator<Picture> {
  const source = await openSource(Date.now());
  try {
    const browser = await launchBrowser();
    try {
      const context = await browser.newContext({
        viewport: { width: pageWidth, height: 800 },
        deviceScaleFactor: 1,
      });
      const tab = await context.newPage();
      mkdirSync(folder, { recursive: true });
      for (const board of boards) {
        const picture = await photograph(tab, await drawn(board, source), pageWidth);
        const file = path.join(folder, `${uidOf(board.name)}.png`);
        writeFileSync(file, picture);
        yield { file, bytes: picture.length };
      }
    } finally {
      await browser.close();
    }
  } finally {
    await source.close();
  }
}

async function drawn(board: Board, source: Source): Promise<string> {
  const toMs = source.endMs;
  const time =
    board.name === 'call' && source.call.id
      ? { fromMs: source.call.fromMs, toMs: source.call.toMs }
      : { fromMs: toMs - Math.min(lookBackMs(board.from), sampleHours * 3_600_000), toMs };
  const intervalOf = (panel: Panel) =>
    intervalFor(
      time.toMs - time.fromMs,
      (panel.width / boardWidth) * pageWidth * 0.5,
      panel.kind === 'series' ? milliseconds(panel.interval) : 1_000,
    );
  const answers = new Map<Panel, Answer>();
  for (const panel of panelsOf(board)) {
    const context: MacroContext = {
      ...time,
      intervalMs: intervalOf(panel),
      variables: { tenant: all, node: all, call: source.call.id, sample: '20', inspector: '' },
    };
    answers.set(panel, await runQuery(source.client, panel.sql, context));
  }
  return page(board, answers, time, intervalOf, source.note);
}

/** `now-6h` as milliseconds. */
const lookBackMs = (from: string) => milliseconds(from.replace('now-', ''));

const lengths: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const milliseconds = (text: string) => Number.parseInt(text, 10) * (lengths[text.at(-1) ?? ''] ?? Number.NaN);

async function openSource(nowMs: number): Promise<Source> {
  const named = process.env.CALLSCOPE_CLICKHOUSE_URL;
  return named ? storeNamed(named, nowMs) : madeUp(nowMs);
}

async function storeNamed(url: string, nowMs: number): Promise<Source> {
  const client = createClient({ url });
  const result = await client.query({
    query: `SELECT call_id, toUnixTimestamp64Milli(started_at) AS started, toUnixTimestamp64Milli(last_seen_at) AS seen
FROM call_by_time FINAL ORDER BY incidents DESC, last_seen_at DESC LIMIT 1`,
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  });
  const [worst] = await result.json<{ call_id: string; started: number; seen: number }>();
  return {
    client,
    endMs: nowMs,
    note: 'Drawn from a store of Callscope by `npm run dashboards -- --preview`.',
    call: {
      id: worst?.call_id ?? '',
      fromMs: worst?.started ?? nowMs - 3_600_000,
      toMs: worst?.seen ?? nowMs,
    },
    close: () => client.close(),
  };
}

async function madeUp(nowMs: number): Promise<Source> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'callscope-preview-'));
  const server = await startClickHouse({ dataDir });
  const client = createClient({ url: server.url });
  const close = async () => {
    await client.close();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    await migrate(client, { database: 'callscope' });
    const call = await fillSample(client, { seed: 7, endMs: nowMs, hours: 2 * sampleHours, calls: 840 });
    return {
      client,
      endMs: nowMs,
      note: "A made-up fleet, nothing in it was measured; the queries are the dashboard's own. `npm run dashboards -- --preview`",
      call: { id: call.callId, fromMs: call.startMs - 15_000, toMs: call.endMs + 15_000 },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
