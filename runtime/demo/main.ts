/** `npm run demo`: the stack, a call, a fault, a report. See options.ts for what may be asked of it. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createClient } from '@clickhouse/client';
import { launchBrowser } from '../../lab/participants/browser.ts';
import { type Stack, startStack } from '../stack.ts';
import { Closers } from './closers.ts';
import { type DemoOptions, help, readOptions, UsageError } from './options.ts';
import { reportText } from './report-text.ts';
import { type RunOptions, runDemo } from './run.ts';
import { createScreen } from './screen.ts';
import { endedFromOutside } from './signals.ts';

const exitCodes = { loopClosed: 0, loopOpen: 1, wrongUse: 2, notStarted: 3, interrupted: 130 } as const;

const projectDir = path.join(import.meta.dirname, '..', '..');

const screen = createScreen(process.stdout);
const closers = new Closers();

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  let options: DemoOptions | 'help';
  try {
    options = readOptions(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\nnpm run demo -- --help tells what there is.\n`);
    return exitCodes.wrongUse;
  }
  if (options === 'help') {
    process.stdout.write(help);
    return 0;
  }
  const signal = endedFromOutside();
  let code: number = exitCodes.notStarted;
  try {
    code = await demo(options, signal, (reached) => {
      code = reached;
    });
  } catch (error) {
    if (signal.aborted) {
      // Ended while it looked at the report: the verdict stands. Before that there is none.
      if (code === exitCodes.notStarted) code = exitCodes.interrupted;
    } else {
      screen.settle();
      process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  screen.print(signal.aborted ? 'Ending the call and the stack …' : 'Stopping …', 'dim');
  await closers.closeAll((error) => process.stderr.write(`demo: while stopping: ${String(error)}\n`));
  return code;
}

/** @param judged told the exit code as soon as the verdict is known */
async function demo(
  options: DemoOptions,
  signal: AbortSignal,
  judged: (code: number) => void,
): Promise<number> {
  const seed = options.seed ?? Math.floor(Math.random() * 10_000);
  const stay = options.exit === undefined ? process.stdout.isTTY === true : !options.exit;
  screen.print(`Callscope demo, seed ${seed}`, 'title');

  const parts = await startParts(path.resolve(projectDir, options.data), signal);
  const { inspectorLink, ...rest } = parts;
  const run = await runDemo({ ...options, ...rest, seed, screen, signal });
  closers.add(() => run.close());

  for (const { text, tone } of reportText(run.report, Math.min(screen.width, 160))) screen.print(text, tone);
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify(run.report, null, 2)}\n`);
    screen.print(`The report is in ${options.json}.`);
  }
  const code = run.report.passed ? exitCodes.loopClosed : exitCodes.loopOpen;
  judged(code);
  if (stay) {
    screen.print('');
    screen.print(`The call goes on, for you to look. Join it: ${parts.link}`);
    screen.print(`Why was it bad? ${await inspectorLink(run.report.callId)}`);
    screen.print('Ctrl-C ends everything.');
    await run.goOn();
  }
  return code;
}

type Parts = Pick<RunOptions, 'browser' | 'link' | 'media' | 'clickhouse' | 'mediasoupVersion'> & {
  inspectorLink(callId: string): Promise<string>;
};

/** Everything that the call needs, at the same time as far as it can be. */
async function startParts(dataDir: string, signal: AbortSignal): Promise<Parts> {
  const starting: [Promise<Stack>, ReturnType<typeof launchBrowser>] = [
    startStack({
      dataDir,
      // One worker, one media port: the lines of the lab network lead there. And a loop that acts.
      env: { CALLSCOPE_SFU_WORKERS: '1', CALLSCOPE_LOOP_MODE: 'on', CALLSCOPE_RECORDING: 'off' },
      log: (text) => screen.print(`  ${text}`),
      signal,
    }),
    launchBrowser({ givesWay: true }),
  ];
  // Whatever came up is closed, also when the other did not.
  starting[0].then((stack) => closers.add(() => stack.stop())).catch(() => {});
  starting[1].then((browser) => closers.add(() => browser.close())).catch(() => {});
  const failed = (await Promise.allSettled(starting)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  signal.throwIfAborted();
  const [stack, browser] = await Promise.all(starting);
  const clickhouse = createClient({ url: stack.urls.clickhouse, log: { level: 127 } });
  closers.add(() => clickhouse.close());
  const room = `demo-${Date.now().toString(36)}`;
  return {
    browser,
    clickhouse,
    link: await stack.invite(room),
    inspectorLink: (callId) => stack.inspectorLink(`/calls/${callId}`),
    media: stack.media,
    mediasoupVersion: mediasoupVersion(),
  };
}

function mediasoupVersion(): string {
  const file = path.join(projectDir, 'node_modules', 'mediasoup', 'package.json');
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return version;
}
