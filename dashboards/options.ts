/** The command line of `npm run dashboards`, and the text of `--help`. */
import { parseArgs } from 'node:util';
import { z } from 'zod';

const optionsSchema = z.object({
  out: z.string().min(1, 'expected a folder').default('deploy/grafana'),
  inspector: z
    .url({ protocol: /^https?$/, error: 'expected the address of the inspector, http:// or https://' })
    .default('http://localhost:4322')
    .transform((url) => url.replace(/\/+$/, '')),
  preview: z.boolean().default(false),
  board: z.array(z.string()).default([]),
});

export type DashboardsOptions = z.infer<typeof optionsSchema>;

/** The command line cannot be used; the message says what to change. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const help = `npm run dashboards -- [options]

Writes what Grafana is given: dashboards, data source, alert rules and contact points, in the layout of Grafana's
provisioning. Start Grafana with GF_PATHS_PROVISIONING=FOLDER and the plugin grafana-clickhouse-datasource;
docs/dashboards.md says the rest.

  --out FOLDER       where to write them                                (deploy/grafana)
  --inspector URL    where links from calls lead                        (http://localhost:4322)
  --preview          also draw each dashboard into docs/dashboards/, from the same queries: of the ClickHouse that
                     CALLSCOPE_CLICKHOUSE_URL names, else of a made-up hour in a ClickHouse started for it
  --board NAME       with --preview: only this one; may be given several times
  --help             this text

Exit code: 0 when all was written, 1 when something failed, 2 for a wrong command line.
`;

/** @throws UsageError */
export function readOptions(args: string[]): DashboardsOptions | 'help' {
  const values = parsed(args);
  if (values.help) return 'help';
  const result = optionsSchema.safeParse(values);
  if (result.success) return result.data;
  throw new UsageError(
    result.error.issues.map((issue) => `--${String(issue.path[0])}: ${issue.message}`).join('\n'),
  );
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        out: { type: 'string' },
        inspector: { type: 'string' },
        preview: { type: 'boolean' },
        board: { type: 'string', multiple: true },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
