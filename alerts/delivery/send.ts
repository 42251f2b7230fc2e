/** Sends one request to a receiver. Whatever goes wrong is an error to be tried again: no alert is given up. */
import type { HttpRequest } from './receiver.ts';

const limitMs = 10_000;

/** The receiver did not take it. The message says why, never the address: it may hold a secret. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
}

/** @throws DeliveryError */
export async function send({ url, headers, body }: HttpRequest): Promise<void> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { ...headers },
      body,
      // A receiver that moved is a setting to be mended; the message goes nowhere else.
      redirect: 'error',
      signal: AbortSignal.timeout(limitMs),
    });
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    const code = (cause as { code?: unknown }).code;
    throw new DeliveryError(`no answer: ${code ?? (cause as Error).name}`);
  }
  const answer = (await response.text().catch(() => '')).slice(0, 200);
  if (!response.ok) throw new DeliveryError(`answered ${response.status}: ${answer}`);
}
