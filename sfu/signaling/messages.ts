/** From bytes on the socket to a checked request. */
import { z } from 'zod';
import { type Method, requestSchemas } from '../../telemetry/signaling.ts';
import { SfuError } from '../errors.ts';

const envelope = z.object({
  id: z.number().int().nonnegative(),
  method: z.string().max(64),
  data: z.unknown(),
  traceparent: z.string().max(64).optional(),
});
export type Envelope = z.output<typeof envelope>;

/** @throws SfuError malformed: nothing to answer to, the id is not known */
export function parseEnvelope(text: string): Envelope {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new SfuError('malformed', 'The message is not JSON.', { cause: error });
  }
  const parsed = envelope.safeParse(json);
  if (!parsed.success) throw new SfuError('malformed', `The message is no request: ${told(parsed.error)}.`);
  return parsed.data;
}

export const isMethod = (method: string): method is Method => Object.hasOwn(requestSchemas, method);

/** @throws SfuError malformed */
export function parseData<M extends Method>(method: M, data: unknown): z.output<(typeof requestSchemas)[M]> {
  const parsed = requestSchemas[method].safeParse(data ?? {});
  if (!parsed.success) {
    throw new SfuError('malformed', `The data of ${method} is not valid: ${told(parsed.error)}.`);
  }
  return parsed.data as z.output<(typeof requestSchemas)[M]>;
}

/** The first few faults: where, and what was expected. */
export const told = (error: z.ZodError): string =>
  error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.join('.') || 'message'}: ${issue.message}`)
    .join('; ');
