/** Asking the server to be let in: an invite and a name go there, tokens come back. */
import type { JoinAnswer, NodeAnswer } from '../../telemetry/signaling.ts';
import { type FaultCode, FaultError } from './faults.ts';
import { hedged } from './hedge.ts';

/** The request is small and the server near; longer means that it is away. */
const limitMs = 8_000;

/**
 * @param origins where to ask, best first
 * @param signal gives up early, e.g. when the person leaves while reconnecting
 * @throws FaultError
 */
export async function requestAdmission(
  origins: readonly string[],
  invite: string,
  displayName: string,
  signal: AbortSignal,
): Promise<JoinAnswer> {
  if (!invite) throw new FaultError('invite_missing');
  return hedged(
    origins,
    (origin, given) => ask(origin, invite, displayName, AbortSignal.any([signal, given])),
    // A server that is away or full of others is one reason to ask another; the rest all would say.
    (error) => signal.aborted || !(error instanceof FaultError && error.fault.code === 'server_away'),
  );
}

/** Whether a media node is gone, as others of the service see it. @throws where none of them answers */
export async function isGone(origins: readonly string[], nodeId: string): Promise<boolean> {
  const answer = await hedged(origins, async (origin, signal) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
    const response = await fetch(`${origin}/api/v1/nodes/${nodeId}`, { signal: limit });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return (await response.json()) as NodeAnswer;
  });
  return !answer.lives;
}

async function ask(
  origin: string,
  invite: string,
  displayName: string,
  signal: AbortSignal,
): Promise<JoinAnswer> {
  let response: Response;
  try {
    response = await fetch(`${origin}/api/v1/join`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ invite, displayName }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
    });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new FaultError('server_away');
  }
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return body as JoinAnswer;
  const { code, message } = refusalOf(body);
  throw new FaultError(faultCode(response.status, code), message);
}

/**
 * @param status of the HTTP answer
 * @param code the server's own, e.g. `invite_invalid`
 */
export function faultCode(status: number, code: string): FaultCode {
  if (code === 'invite_expired') return 'invite_expired';
  if (code === 'limit_reached') return 'room_full';
  if (status === 401 || status === 403 || /invite|token/i.test(code)) return 'invite_invalid';
  if (status >= 500 || status === 429) return 'server_away';
  return 'refused';
}

function refusalOf(body: unknown): { code: string; message: string } {
  const error = isRecord(body) && isRecord(body.error) ? body.error : body;
  const text = (key: string) => (isRecord(error) && typeof error[key] === 'string' ? error[key] : '');
  return { code: text('code'), message: text('message') };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
