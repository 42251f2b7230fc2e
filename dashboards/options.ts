/** The command line of `npm run dashboards`, and the text of `--help`. */
import { z } from 'zod';
import { readCommandLine, UsageError } from '../runtime/command-line.ts';

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

export { UsageError };

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
  return readCommandLine(args, {
    schema: optionsSchema,
    flags: {
      out: { type: 'string' },
      inspector: { type: 'string' },
      preview: { type: 'boolean' },
      board: { type: 'string', multiple: true },
    },
  });
}
