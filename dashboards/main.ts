/** `npm run dashboards`: writes what Grafana is given, and the pictures for the docs. options.ts says what may be asked. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from './build.ts';
import { boards } from './list.ts';
import { type DashboardsOptions, help, readOptions, UsageError } from './options.ts';
import { preview } from './preview/preview.ts';

const projectDir = path.join(import.meta.dirname, '..');

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  try {
    const options = readOptions(args);
    if (options !== 'help') return await dashboards(options);
    process.stdout.write(help);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n\nnpm run dashboards -- --help tells what there is.\n`);
      return 2;
    }
    process.stderr.write(`dashboards: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

async function dashboards(options: DashboardsOptions): Promise<number> {
  const chosen = options.board.map((name) => {
    const board = boards.find((one) => one.name === name);
    if (board) return board;
    throw new UsageError(
      `--board: there is no "${name}"; there are ${boards.map((one) => one.name).join(', ')}`,
    );
  });
  const out = path.resolve(projectDir, options.out);
  const files = build({ inspectorUrl: options.inspector });
  // One that was renamed must not live on.
  rmSync(path.join(out, 'dashboards', 'json'), { recursive: true, force: true });
  for (const file of files) {
    const target = path.join(out, file.path);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, file.text);
  }
  process.stdout.write(`${files.length} files in ${path.relative(process.cwd(), out) || '.'}\n`);
  if (options.preview) {
    const pictures = path.join(projectDir, 'docs', 'dashboards');
    for await (const { file, bytes } of preview(chosen.length > 0 ? chosen : boards, pictures)) {
      process.stdout.write(`${path.relative(process.cwd(), file)}  ${Math.round(bytes / 1000)} kB\n`);
    }
  }
  return 0;
}
