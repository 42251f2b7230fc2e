/** `npm run lab -- words`: what the inspector says of calls that the lab played, against what was done to them. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createClient } from '@clickhouse/client';
import { z } from 'zod';
import { migrate } from '../../collector/schema/migrate.ts';
import { storedCall } from '../../inspector/calls/stored-call.ts';
import { InspectorError } from '../../inspector/errors.ts';
import { Store } from '../../inspector/store/store.ts';
import { readCommandLine, UsageError } from '../../runtime/command-line.ts';
import type { Screen } from '../../runtime/demo/screen.ts';
import { startClickHouse } from '../../runtime/embedded/clickhouse.ts';
import { parseRows } from '../row.ts';
import { type JudgedCall, judgeWords, type Told } from './judge.ts';
import { wordsReport, wordsText } from './report.ts';

export const wordsHelp = `npm run lab -- words --resume FILE [options]

Reads the inspector's verdict on every call of a results file from the store in which it was played, and holds its
sentences against the truth: participant, hop, and time within 5 s; and that clean calls are called fine.

  --resume FILE      the results of npm run lab
  --json FILE        write the figures as JSON
  --publish          write docs/scoreboard-words.md
  --data FOLDER      where the store is                                          (.callscope/lab)
  --help             this text
`;

const optionsSchema = z.object({
  resume: z.string({ error: 'needed: the results of npm run lab' }).min(1),
  json: z.string().min(1).optional(),
  publish: z.boolean().default(false),
  data: z.string().min(1).default('.callscope/lab'),
});

/** @returns exit code: 0, or 1 when the store has none of the calls. @throws UsageError */
export async function wordsLab(args: string[], projectDir: string, screen: Screen): Promise<number> {
  const options = readCommandLine(args, {
    schema: optionsSchema,
    flags: {
      resume: { type: 'string' },
      json: { type: 'string' },
      publish: { type: 'boolean' },
      data: { type: 'string' },
    },
  });
  if (options === 'help') {
    process.stdout.write(wordsHelp);
    return 0;
  }
  const rows = parseRows(readFileSync(options.resume, 'utf8'), options.resume);
  if (rows.length === 0) throw new UsageError(`${options.resume} holds no runs`);
  const dataDir = path.resolve(projectDir, options.data, 'stack', 'clickhouse');
  const calls: JudgedCall[] = [];
  await withStore(dataDir, async (store) => {
    for (const row of rows) {
      const told: Told[] = [];
      for (const callId of row.callIds) told.push(...(await toldOf(store, callId)));
      if (told.length > 0) calls.push(judgeWords(row, told));
      else screen.print(`${row.family} ${row.severity} ${row.seed}: its call is not in the store`);
    }
  });
  const report = wordsReport(calls);
  for (const { run, missing, said } of report.wrong)
    screen.print(`${run}: not told: ${missing}. Said: ${said}`);
  screen.print(`\n${calls.length} calls`, 'title');
  for (const [name, value] of Object.entries(report.result))
    screen.print(`  ${name.padEnd(18)} ${value ?? '–'}`);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  if (options.publish) writeFileSync(path.join(projectDir, 'docs', 'scoreboard-words.md'), wordsText(report));
  return calls.length > 0 ? 0 : 1;
}

/** What its page would say; nothing when the store does not know the call (any more). */
async function toldOf(store: Store, callId: string): Promise<Told[]> {
  try {
    const { verdict, people } = await storedCall(store, 'default', callId, Date.now).page();
    return [{ verdict, names: new Map(people.map((p) => [p.participantId, p.name])) }];
  } catch (error) {
    if (error instanceof InspectorError && error.code === 'not_found') return [];
    throw error;
  }
}

async function withStore(dataDir: string, work: (store: Store) => Promise<void>): Promise<void> {
  const clickhouse = await startClickHouse({ dataDir });
  const client = createClient({ url: clickhouse.url });
  const store = new Store(clickhouse.url);
  try {
    await migrate(client, { database: 'callscope' });
    await work(store);
  } finally {
    await Promise.all([store.close(), client.close()]);
    await clickhouse.stop();
  }
}
