/** The command line of `npm run alerts`, and the text of `--help`. */
import { parseArgs } from 'node:util';
import { longestBackMs, youngestMs } from './backfill.ts';
import { concerns } from './concerns.ts';

export type AlertsCommand =
  | { readonly name: 'list' }
  | { readonly name: 'test'; readonly slo: string }
  | { readonly name: 'replay'; readonly fromMs: number; readonly toMs: number; readonly json: boolean }
  | { readonly name: 'pitfalls'; readonly fromMs: number; readonly toMs: number; readonly json: boolean }
  | { readonly name: 'backfill'; readonly fromMs: number; readonly toMs: number }
  | {
      readonly name: 'maintenance';
      readonly slo: string;
      readonly fromMs: number;
      readonly toMs: number;
      readonly reason: string;
    };

/** The command line cannot be used; the message says what to change. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const help = `npm run alerts -- COMMAND [options]

  list                              every SLO (promise, windows, owner, runbook) and every fault
  test NAME                         sends a sample alert of this SLO or fault, and its end, to every receiver, the way a
                                    real one goes: through the store and the pipelines, which must run
  replay --from T --to T [--json]   what would have fired over the stored history, with the thresholds of this build
  pitfalls [--from T --to T] [--json]
                                    what is set up badly, whom it has struck (the last day unless said), and the fix
  backfill --from T --to T          counts the minutes of promises anew from the rows behind them, in whole hours, after
                                    a definition changed; rows are kept for 30 days, so no further back than 29
  maintenance --from T --to T --reason TEXT [--slo NAME]
                                    nobody is told in that time; what still fires after it is told then

T is a time such as 2026-11-25T09:00Z, or a distance from now: -7d, -3h, -10m, +2h, now.
All but list need CALLSCOPE_CLICKHOUSE_URL; receivers and links are set as for the pipelines (docs/environment.md).

Exit code: 0 when done, 1 when something failed or a receiver did not take the sample, 2 for a wrong command line.
`;

/** @throws UsageError */
export function readCommand(args: string[], nowMs = Date.now()): AlertsCommand | 'help' {
  const { values, positionals } = parsed(args);
  const [name, argument, ...more] = positionals;
  if (values.help || name === undefined) return 'help';
  if (more.length > 0) throw new UsageError(`"${more.join(' ')}" is too much`);
  const span = (from?: string, to?: string) => {
    const fromMs = time('--from', values.from ?? from, nowMs);
    const toMs = time('--to', values.to ?? to, nowMs);
    if (fromMs >= toMs) throw new UsageError('--from must be before --to');
    return { fromMs, toMs };
  };
  switch (name) {
    case 'list':
      return { name };
    case 'test':
      return { name, slo: known(argument) };
    case 'replay':
      return { name, ...span(), json: values.json ?? false };
    case 'pitfalls':
      return { name, ...span('-1d', 'now'), json: values.json ?? false };
    case 'backfill':
      return { name, ...hours(span(), nowMs) };
    case 'maintenance':
      if (!values.reason) throw new UsageError('--reason is missing: who reads this later wants to know');
      return {
        name,
        ...span(),
        slo: values.slo === undefined ? '' : known(values.slo),
        reason: values.reason,
      };
    default:
      throw new UsageError(`there is no command "${name}"`);
  }
}

const hourMs = 3_600_000;

/** The whole hours that hold the span. @throws UsageError when rows of it are gone, or still come */
function hours({ fromMs, toMs }: { fromMs: number; toMs: number }, nowMs: number) {
  const whole = { fromMs: Math.floor(fromMs / hourMs) * hourMs, toMs: Math.ceil(toMs / hourMs) * hourMs };
  if (whole.fromMs < nowMs - longestBackMs)
    throw new UsageError('--from: at most 29 days ago; older rows are gone, and their minutes would be lost');
  if (whole.toMs > nowMs - youngestMs)
    throw new UsageError('--to: the whole hour must have ended 15 minutes ago; its minutes are still filled');
  return whole;
}

function known(name: string | undefined): string {
  if (name !== undefined && concerns.some((one) => one.name === name)) return name;
  throw new UsageError(
    `${name === undefined ? 'the name of an SLO or fault is missing' : `there is no SLO or fault "${name}"`}; there are ${concerns.map((one) => one.name).join(', ')}`,
  );
}

const units = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function time(option: string, given: string | undefined, nowMs: number): number {
  const distance = /^([+-]\d+)([mhd])$/.exec(given ?? '');
  if (distance) return nowMs + Number(distance[1]) * units[distance[2] as keyof typeof units];
  if (given === 'now') return nowMs;
  const ms = Date.parse(given ?? '');
  if (!Number.isNaN(ms)) return ms;
  throw new UsageError(`${option}: expected a time such as 2026-11-25T09:00Z, -3h or now`);
}

/** `--from -3h` is no option of its own: put together, so that the parser does not take it for one. */
const joined = (args: readonly string[]) =>
  args.flatMap((arg, i) =>
    arg === '--from' || arg === '--to'
      ? [`${arg}=${args[i + 1] ?? ''}`]
      : args[i - 1] === '--from' || args[i - 1] === '--to'
        ? []
        : [arg],
  );

function parsed(args: string[]) {
  try {
    return parseArgs({
      args: joined(args),
      allowPositionals: true,
      options: {
        from: { type: 'string' },
        to: { type: 'string' },
        slo: { type: 'string' },
        reason: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
