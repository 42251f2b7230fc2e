/** Reading a service's settings from the environment: each variable is checked, and every fault is told at once. */
import { z } from 'zod';

/** Thrown at start; the message names each variable, what it held, and what is expected. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const urlOf = (...protocols: string[]) =>
  z
    .string()
    .refine(
      (text) => URL.canParse(text) && protocols.includes(new URL(text).protocol.slice(0, -1)),
      `expected a URL starting with ${protocols.map((p) => `${p}://`).join(' or ')}`,
    );

/** Kinds of setting, for the services' schemas. Keys of a schema are the names of the variables. */
export const setting = {
  httpUrl: () => urlOf('http', 'https'),
  redisUrl: () => urlOf('redis', 'rediss'),
  port: () => z.coerce.number('expected a port number, 0 to 65535').int().min(0).max(65535),
  host: () => z.string().min(1),
  secret: () => z.string().min(16, 'expected at least 16 characters'),
  count: () => z.coerce.number('expected a whole number above 0').int().positive(),
  text: () => z.string().min(1),
  list: () =>
    z.string().transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean),
    ),
} as const;

const isSecret = (name: string) => /SECRET|KEY|PASSWORD|TOKEN|URL/.test(name);

/**
 * @param schema one zod object whose keys are environment variables; an empty variable counts as unset
 * @throws ConfigError with one line per faulty variable
 */
export function readConfig<T extends z.ZodObject>(
  schema: T,
  env: NodeJS.ProcessEnv = process.env,
): z.infer<T> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => {
    const name = String(issue.path[0] ?? '');
    const value = given[name];
    if (value === undefined) return `${name} is not set: ${issue.message}`;
    return `${name}=${isSecret(name) ? '…' : JSON.stringify(value)} is not valid: ${issue.message}`;
  });
  throw new ConfigError(lines.join('\n'));
}
