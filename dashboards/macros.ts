/**
 * What the SQL of a panel becomes before ClickHouse sees it, as Grafana and its ClickHouse data source do it, so that
 * tests and pictures run what a dashboard would run.
 *
 * In the browser first `$__conditionalAll` (src/data/CHDatasource.ts, applyConditionalAll), then variables with their
 * formats; in the back end the other macros (pkg/macros/macros.go). From grafana/clickhouse-datasource, version 4.
 */

export interface MacroContext {
  readonly fromMs: number;
  readonly toMs: number;
  /** Distance of points, as Grafana takes it from range, width and the panel's least. */
  readonly intervalMs: number;
  /** By name; a list is what is chosen of many. */
  readonly variables: Readonly<Record<string, string | readonly string[]>>;
}

/** What a variable holds when all are chosen. */
export const all = '$__all';

/** @throws Error for a macro or variable that there is not, or a wrong number of arguments */
export function expandMacros(sql: string, context: MacroContext): string {
  const asked = replaceVariables(dropConditionals(sql, context.variables), context.variables);
  const expanded = expandCalls(asked, context);
  const left = /\$__\w+|\$\{?\w+/.exec(expanded)?.[0];
  if (left) throw new Error(`${left} is neither a macro of the data source nor a variable of the dashboard`);
  return expanded;
}

/** `$__conditionalAll(phrase, $variable)`: the phrase, or `1=1` where the variable is empty or all. */
function dropConditionals(sql: string, variables: MacroContext['variables']): string {
  const macro = '$__conditionalAll(';
  let text = sql;
  // The data source, too, starts at the end.
  for (let at = text.lastIndexOf(macro); at >= 0; at = text.lastIndexOf(macro)) {
    const { args, end } = readArguments(text, at + macro.length - 1);
    const [phrase, variable] = args;
    if (args.length !== 2 || phrase === undefined || variable === undefined)
      throw new Error(`$__conditionalAll takes a phrase and a variable, not ${args.length} arguments`);
    const name = /\w+/.exec(variable)?.[0] ?? '';
    const value = String(known(name, variables));
    text = text.slice(0, at) + (value === '' || value === all ? '1=1' : phrase) + text.slice(end);
  }
  return text;
}

/** `${name}` and `${name:format}`. Only the formats that panels here use. */
function replaceVariables(sql: string, variables: MacroContext['variables']): string {
  return sql.replace(/\$\{(\w+)(?::(\w+))?\}/g, (_whole, name: string, format: string | undefined) => {
    const value = known(name, variables);
    const values = typeof value === 'string' ? [value] : value;
    if (format === 'singlequote') return values.map((one) => `'${one.replaceAll("'", "\\'")}'`).join(',');
    if (format !== undefined) throw new Error(`the format ${format} of \${${name}} is not known here`);
    // The data source's own: a list is quoted, one value is put in as it is.
    return typeof value === 'string' ? value : `'${value.join("','")}'`;
  });
}

function known(name: string, variables: MacroContext['variables']): string | readonly string[] {
  const value = variables[name];
  if (value === undefined) throw new Error(`there is no variable ${name}`);
  return value;
}

const seconds = (ms: number) => `toDateTime(${Math.floor(ms / 1000)})`;
const milliseconds = (ms: number) => `fromUnixTimestamp64Milli(${ms})`;

/** By name: the number of arguments, and what it becomes. */
const calls: Record<string, readonly [number, (context: MacroContext, argument: string) => string]> = {
  fromTime: [0, ({ fromMs }) => seconds(fromMs)],
  toTime: [0, ({ toMs }) => seconds(toMs)],
  fromTime_ms: [0, ({ fromMs }) => milliseconds(fromMs)],
  toTime_ms: [0, ({ toMs }) => milliseconds(toMs)],
  timeFilter: [
    1,
    ({ fromMs, toMs }, column) => `${column} >= ${seconds(fromMs)} AND ${column} <= ${seconds(toMs)}`,
  ],
  timeFilter_ms: [
    1,
    ({ fromMs, toMs }, column) =>
      `${column} >= ${milliseconds(fromMs)} AND ${column} <= ${milliseconds(toMs)}`,
  ],
  timeInterval: [
    1,
    (context, column) => `toStartOfInterval(toDateTime(${column}), INTERVAL ${wholeSeconds(context)} second)`,
  ],
  interval_s: [0, (context) => String(wholeSeconds(context))],
};

/** At least one second, fractions cut off. */
const wholeSeconds = ({ intervalMs }: MacroContext) => Math.floor(Math.max(intervalMs / 1000, 1));

function expandCalls(sql: string, context: MacroContext): string {
  return sql.replace(
    /\$__(\w+)(\(([^()]*(?:\([^()]*\)[^()]*)*)\))?/g,
    (whole, name: string, parens?: string, inner?: string) => {
      const macro = calls[name];
      if (!macro) return whole;
      const [count, expand] = macro;
      const given = inner?.trim() ? 1 : 0;
      if (count > given) throw new Error(`$__${name} takes an argument`);
      // Parentheses after a macro that takes nothing belong to the query.
      return count === 0
        ? expand(context, '') + (parens && given ? parens : '')
        : expand(context, inner!.trim());
    },
  );
}

/** The arguments between the parentheses that open at `open`; commas within further ones do not part them. */
function readArguments(text: string, open: number): { args: string[]; end: number } {
  const args: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let at = open; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === '(') depth += 1;
    if (letter === ')') depth -= 1;
    if ((letter === ',' && depth === 1) || (letter === ')' && depth === 0)) {
      args.push(text.slice(start, at));
      start = at + 1;
    }
    if (depth === 0) return { args, end: at + 1 };
  }
  throw new Error("a macro's parenthesis is not closed");
}

/** Steps that Grafana rounds the distance of points to (rangeutil.roundInterval), ms. */
const steps = [
  1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
];

/** About one point per two pixels, on a round number, and not below what the table holds. */
export function intervalFor(rangeMs: number, pixels: number, leastMs: number): number {
  const wanted = rangeMs / Math.max(1, pixels / 2) / 1000;
  const step = steps.find((one) => one >= wanted) ?? steps.at(-1)!;
  return Math.max(step * 1000, leastMs);
}
