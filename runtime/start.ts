/**
 * `npm start`: Callscope for real use on this machine, until Ctrl-C. `npm start -- --help` tells what can be set.
 * Exit codes: 0 stopped as ordered, 1 could not start, 2 wrong settings or arguments, 130 stopped by force.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ConfigError } from '../telemetry/service/config.ts';
import { canBindUdp, canListen } from '../telemetry/service/ports.ts';
import { EmbeddedError } from './embedded/part.ts';
import { projectDir } from './services.ts';
import { readSettings, type SettingName, type Settings, unknownVariables } from './settings.ts';
import { textTable } from './settings-table.ts';
import { type Stack, startStack } from './stack.ts';

const usage = `npm start [-- --room NAME] [-- --record | --transcribe] [-- --sfu-nodes N] [-- --help]

Starts Callscope and prints its addresses and a link into a meeting; Ctrl-C stops everything.

  --room NAME   the room of the printed link (lobby)
  --record      whoever joins by that link is recorded
  --transcribe  the same, and speech is written down
  --sfu-nodes N several media nodes, of which one may die (CALLSCOPE_SFU_NODES)
  --help        this text`;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readArguments();
  if (typeof options === 'string') {
    console.error(`${options}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    console.log(`${usage}\n\nEnvironment variables, and what happens without them:`);
    console.log(textTable(process.stdout.columns ?? 110));
    return 0;
  }
  if (options['sfu-nodes'] !== undefined) process.env.CALLSCOPE_SFU_NODES = options['sfu-nodes'];
  const interrupted = interruption();
  let stack: Stack;
  try {
    const settings = readSettings();
    for (const name of unknownVariables()) console.error(`Note: ${name} is not a setting. Misspelt?`);
    await refuseBusyPorts(settings);
    stack = await startStack({
      dataDir: path.resolve(projectDir, settings.CALLSCOPE_DATA_DIR),
      ports: {
        page: settings.CALLSCOPE_SFU_PORT,
        rtc: settings.CALLSCOPE_RTC_PORT,
        collector: settings.CALLSCOPE_COLLECTOR_PORT,
        collectorGrpc: settings.CALLSCOPE_COLLECTOR_GRPC_PORT,
        pipelines: settings.CALLSCOPE_PIPELINES_PORT,
        inspector: settings.CALLSCOPE_INSPECTOR_PORT,
        recorder: settings.CALLSCOPE_RECORDER_PORT,
        finisher: settings.CALLSCOPE_FINISHER_PORT,
        clickhouse: settings.CALLSCOPE_CLICKHOUSE_PORT,
        redis: settings.CALLSCOPE_REDIS_PORT,
        turn: settings.CALLSCOPE_TURN_PORT,
      },
      log: (line) => console.log(line),
      signal: interrupted,
    });
  } catch (error) {
    if (interrupted.aborted) return 0;
    if (error instanceof ConfigError) {
      console.error(`Wrong settings:\n${error.message}\n\nnpm start -- --help tells all there are.`);
      return 2;
    }
    if (!(error instanceof EmbeddedError)) throw error;
    console.error(`Callscope could not start. ${error.message}`);
    return 1;
  }

  console.log(await summary(stack, options));
  if (!interrupted.aborted) await new Promise((resolve) => interrupted.addEventListener('abort', resolve));
  console.log('\nStopping …');
  await stack.stop();
  console.log('Stopped. The data stay in', stack.dataDir);
  return 0;
}

interface Options {
  readonly room: string;
  readonly record: boolean;
  readonly transcribe: boolean;
  readonly help: boolean;
  readonly 'sfu-nodes'?: string | undefined;
}

/** @returns what is wrong, as text */
function readArguments(): Options | string {
  try {
    const { values } = parseArgs({
      options: {
        room: { type: 'string', default: 'lobby' },
        record: { type: 'boolean', default: false },
        transcribe: { type: 'boolean', default: false },
        'sfu-nodes': { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (!/^[\w.-]{1,128}$/.test(values.room)) return '--room: expected letters, digits, "-", "_", "."';
    return values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Aborted by the first order to end; the second ends this process at once, and with it, its children. */
function interruption(): AbortSignal {
  const control = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (control.signal.aborted) process.exit(130);
      control.abort();
    });
  }
  return control.signal;
}

/** @throws ConfigError naming every variable whose port is taken */
async function refuseBusyPorts(settings: Settings): Promise<void> {
  const fixed: [SettingName, host: string, port: number][] = [
    ['CALLSCOPE_SFU_PORT', settings.CALLSCOPE_SFU_HOST, settings.CALLSCOPE_SFU_PORT],
    ['CALLSCOPE_PIPELINES_PORT', settings.CALLSCOPE_PIPELINES_HOST, settings.CALLSCOPE_PIPELINES_PORT],
    ['CALLSCOPE_INSPECTOR_PORT', settings.CALLSCOPE_INSPECTOR_HOST, settings.CALLSCOPE_INSPECTOR_PORT],
    ['CALLSCOPE_RTC_PORT', settings.CALLSCOPE_RTC_HOST, settings.CALLSCOPE_RTC_PORT],
  ];
  if (settings.CALLSCOPE_RECORDING === 'on') {
    fixed.push([
      'CALLSCOPE_RECORDER_PORT',
      settings.CALLSCOPE_RECORDER_HOST,
      settings.CALLSCOPE_RECORDER_PORT,
    ]);
    fixed.push([
      'CALLSCOPE_FINISHER_PORT',
      settings.CALLSCOPE_FINISHER_HOST,
      settings.CALLSCOPE_FINISHER_PORT,
    ]);
  }
  if (!settings.CALLSCOPE_COLLECTOR_URL) {
    const host = settings.CALLSCOPE_COLLECTOR_HOST;
    fixed.push(['CALLSCOPE_COLLECTOR_PORT', host, settings.CALLSCOPE_COLLECTOR_PORT]);
    fixed.push(['CALLSCOPE_COLLECTOR_GRPC_PORT', host, settings.CALLSCOPE_COLLECTOR_GRPC_PORT]);
  }
  const faults: string[] = [];
  for (const [name, host, port] of fixed) {
    const udp = name === 'CALLSCOPE_RTC_PORT';
    if ((await canListen(port, host)) && (!udp || (await canBindUdp(port, host)))) continue;
    faults.push(
      `${name}=${port} is taken on ${host}: another process listens there. Stop it, or set ${name} to a free port.`,
    );
  }
  if (faults.length) throw new ConfigError(faults.join('\n'));
}

async function summary(stack: Stack, { room, record, transcribe }: Options): Promise<string> {
  const recording = transcribe ? 'transcribed' : record ? 'recorded' : undefined;
  const { urls } = stack;
  const store = urls.clickhouseReadOnly ?? urls.clickhouse.replace(/\/\/.*@/, '//…@');
  return `
Callscope is running.

  Meeting      ${await stack.invite(room, 'default', recording)}
               (open it in two tabs, or send it to somebody on this machine; good for 24 hours)
  Inspector    ${await stack.inspectorLink()}
               (signs in once, good for 24 hours; another one: npm run inspector-link)
  Collector    ${urls.collector}   OTLP/HTTP; servers authorise with the key in ${path.join(stack.dataDir, 'secrets.json')}
  Pipelines    ${urls.pipelines}/readyz
  ClickHouse   ${store}   ${urls.clickhouseReadOnly ? 'may only read' : ''}
  Logs         ${stack.logsDir}

Ctrl-C stops everything.`;
}
