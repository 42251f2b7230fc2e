/**
 * Checks JSON against the types that Grafana publishes of its schema (the foundation SDK's own declarations): the
 * JSON is written as a literal of that type, and the compiler judges it, properties that there are not included.
 *
 * Two things are changed on the way, because literals of JSON are not enums and a query's shape is the data source's:
 * enums become unions of their values, and the SDK's marker of queries becomes the query that grafana-clickhouse-
 * datasource saves (CHSqlQuery of its src/types/sql.ts).
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const root = path.join(import.meta.dirname, '..', '..');
const sdk = path.dirname(
  path.dirname(createRequire(import.meta.url).resolve('@grafana/grafana-foundation-sdk/cog')),
);

const panelTypes = ['timeseries', 'stat', 'table', 'bargauge', 'text'] as const;
const modules = ['dashboard', 'common', 'alerting', ...panelTypes];

const query = `export interface Dataquery {
  refId: string;
  datasource: { type: 'grafana-clickhouse-datasource'; uid: string };
  editorType: 'sql';
  rawSql: string;
  format: 0 | 1;
  queryType: 'timeseries' | 'table';
  pluginVersion: string;
}`;

/** `export declare enum X { A = "a" }` as `export type X = "a"`. */
function enumsAsUnions(declarations: string): string {
  return (
    declarations
      .replace(/export declare enum (\w+) \{([^}]*)\}/g, (_whole, name: string, body: string) => {
        const values = [...body.replace(/\/\*[\s\S]*?\*\//g, '').matchAll(/=\s*("[^"]*"|-?\d+)/g)].map(
          ([, value]) => value,
        );
        return `export type ${name} = ${values.join(' | ')};`;
      })
      // A member used as a type is its value.
      .replace(
        /\b(?:\w+\.)?(?:TableCellDisplayMode|\w+Placement|MappingType|ActionVariableType|ActionType)\.\w+/g,
        'string',
      )
      .replace(/export declare const [^;]*;/g, '')
  );
}

interface GrafanaPanel {
  readonly type: string;
  readonly options?: object;
  readonly fieldConfig?: { readonly defaults: { readonly custom?: object } };
}

/** @returns what the compiler says, '' when all is well */
export async function complaints(
  dashboards: readonly { panels: readonly GrafanaPanel[] }[],
): Promise<string> {
  const dir = mkdtempSync(path.join(tmpdir(), 'callscope-types-'));
  try {
    for (const name of modules) {
      mkdirSync(path.join(dir, name));
      const declarations = readFileSync(path.join(sdk, name, 'types.gen.d.ts'), 'utf8');
      writeFileSync(
        path.join(dir, name, 'index.ts'),
        enumsAsUnions(declarations).replaceAll("'../cog'", "'../cog/index'"),
      );
    }
    mkdirSync(path.join(dir, 'cog'));
    writeFileSync(path.join(dir, 'cog', 'index.ts'), query);
    writeFileSync(path.join(dir, 'check.ts'), program(dashboards));
    const compiler = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const args = [
      compiler,
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--module',
      'esnext',
      '--moduleResolution',
      'bundler',
      'check.ts',
    ];
    await promisify(execFile)(process.execPath, args, { cwd: dir });
    return '';
  } catch (error) {
    if (error instanceof Error && 'stdout' in error) return String(error.stdout) || error.message;
    throw error;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function program(dashboards: readonly { panels: readonly GrafanaPanel[] }[]): string {
  const panels = dashboards.flatMap((dashboard) => dashboard.panels).filter(({ type }) => type !== 'row');
  return [
    "import type { Dashboard } from './dashboard/index';",
    ...panelTypes.map((type) => `import type * as ${type} from './${type}/index';`),
    ...dashboards.map(
      (dashboard, index) => `export const dashboard${index}: Dashboard = ${JSON.stringify(dashboard)};`,
    ),
    // In a dashboard's type these two are anything; each kind of panel has its own.
    ...panels.map(
      ({ type, options }, index) =>
        `export const options${index}: ${type}.Options = ${JSON.stringify(options)};`,
    ),
    ...panels.flatMap(({ type, fieldConfig }, index) =>
      type === 'timeseries' || type === 'table'
        ? [
            `export const custom${index}: Partial<${type}.FieldConfig> = ${JSON.stringify(fieldConfig?.defaults.custom ?? {})};`,
          ]
        : [],
    ),
  ].join('\n');
}
