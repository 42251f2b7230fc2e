/** `npm run bench -- NAME [options] [--json FILE]`: runs one benchmark, prints a table, writes its JSON. */
import { writeFile } from 'node:fs/promises';
import type { Benchmark, BenchmarkReport } from './benchmark.ts';

/** One line each; loaded only when run, because they pull in browsers, stores and media workers. */
const benchmarks: Readonly<Record<string, () => Promise<Benchmark>>> = {
  sdk: async () => (await import('./sdk.ts')).sdkBenchmark,
  inspector: async () => (await import('./inspector.ts')).inspectorBenchmark,
  ingest: async () => (await import('./ingest.ts')).ingestBenchmark,
  store: async () => (await import('./store.ts')).storeBenchmark,
  query: async () => (await import('./query.ts')).queryBenchmark,
  soak: async () => (await import('./soak.ts')).soakBenchmark,
  fuzz: async () => (await import('./fuzz.ts')).fuzzBenchmark,
  slo: async () => (await import('./slo.ts')).sloBenchmark,
  judge: async () => (await import('./judge.ts')).judgeBenchmark,
  scale: async () => (await import('./scale.ts')).scaleBenchmark,
  recording: async () => (await import('./recording.ts')).recordingBenchmark,
  views: async () => (await import('./views.ts')).viewsBenchmark,
  reconnect: async () => (await import('./reconnect.ts')).reconnectBenchmark,
  'turn-week': async () => (await import('./turn-week.ts')).turnWeekBenchmark,
};

const [name, ...args] = process.argv.slice(2);
const load = name === undefined ? undefined : benchmarks[name];
if (!load) {
  const wanted = name === undefined || name === '--help' || name === '-h';
  if (!wanted) console.error(`There is no benchmark "${name}".`);
  console.log(await help());
  process.exit(wanted ? 0 : 1);
}

const jsonAt = args.indexOf('--json');
const jsonFile = jsonAt < 0 ? undefined : args[jsonAt + 1];
if (jsonAt >= 0 && (jsonFile === undefined || jsonFile.startsWith('--'))) {
  console.error('--json needs a file name: --json FILE');
  process.exit(1);
}
const own = jsonAt < 0 ? args : args.toSpliced(jsonAt, 2);
const report = await (await load()).run(own);
print(report);
if (jsonFile) {
  await writeFile(jsonFile, `${JSON.stringify(report, null, 2)}\n`);
  console.log(`\nwritten to ${jsonFile}`);
}
process.exitCode = report.limits?.some(({ holds }) => !holds) ? 1 : 0;

async function help(): Promise<string> {
  const lines = ['npm run bench -- NAME [options] [--json FILE]', ''];
  for (const [key, loadOne] of Object.entries(benchmarks)) {
    const { summary, usage } = await loadOne();
    lines.push(`  ${key.padEnd(11)}${summary}`, `  ${''.padEnd(11)}${usage}`);
  }
  return lines.join('\n');
}

function print({ name, machine, sizes, result, limits, peers }: BenchmarkReport): void {
  console.log(
    `\n${name} on ${machine.cores} x ${machine.cpu}, Node ${machine.node}${machine.browser ? `, ${machine.browser}` : ''}`,
  );
  console.log(
    Object.entries(sizes)
      .map(([key, value]) => `${key} ${value}`)
      .join(', '),
  );
  console.table(result);
  if (limits) console.table(limits);
  if (peers) console.table(peers);
}
