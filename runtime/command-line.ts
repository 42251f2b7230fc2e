/** Reading a command line against a schema: what a program's `options.ts` has in common with the others. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { z } from 'zod';

/** The command line cannot be used; the message says what to change. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const whole = (min: number, max: number) =>
  z.coerce.number(`expected a whole number, ${min} to ${max}`).int().min(min).max(max);

/** Names out of a list, all of them unless some are given. @param what one of them is called */
export const someOf = (what: string, names: readonly string[]) =>
  z
    .array(
      z.string().refine((name) => names.includes(name), {
        error: ({ input }) => `there is no ${what} "${String(input)}"; there are ${names.join(', ')}`,
      }),
    )
    .default([...names]);

export interface Arguments<S extends z.ZodType> {
  /** As on the command line, without `--help`; `fault-after` is the schema's `faultAfter`. */
  readonly flags: NonNullable<ParseArgsConfig['options']>;
  readonly schema: S;
  /** Whether `--no-x` is `--x` false. @default false */
  readonly negatable?: boolean;
}

/** @throws UsageError that names each flag at fault */
export function readCommandLine<S extends z.ZodType>(
  args: readonly string[],
  { flags, schema, negatable = false }: Arguments<S>,
): z.output<S> | 'help' {
  let values: Record<string, unknown>;
  try {
    values = parseArgs({
      args: [...args],
      allowNegative: negatable,
      options: { ...flags, help: { type: 'boolean', short: 'h' } },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const { help, ...given } = values;
  if (help) return 'help';
  const result = schema.safeParse(
    Object.fromEntries(
      Object.entries(given).map(([flag, value]) => [
        flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
        value,
      ]),
    ),
  );
  if (result.success) return result.data;
  throw new UsageError(
    result.error.issues
      .map(({ path, message }) => {
        const flag = String(path[0]).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
        return `--${flag}: ${message}`;
      })
      .join('\n'),
  );
}
