/** Asking the service. A refusal becomes an `ApiError` with the words that the service chose for it. */
import type {
  CallPage,
  EventList,
  FoundCalls,
  Problem,
  SampleList,
  SeriesAnswer,
  SessionAnswer,
  SignedOut,
  WebhookInfo,
} from '../../contract.ts';

export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: string;
  readonly title: string;
  constructor(problem: Pick<Problem, 'code' | 'title' | 'detail'>) {
    super(problem.detail);
    this.code = problem.code;
    this.title = problem.title;
  }
}

async function ask<T>(path: string, options: RequestInit = {}): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(`/api/v1${path}`, { credentials: 'same-origin', ...options });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError({
      code: 'unreachable',
      title: 'The inspector does not answer',
      detail: 'Check that it runs and that you are online, then try again.',
    });
  }
  if (answer.status === 204) return undefined as T;
  const body: unknown = await answer.json().catch(() => undefined);
  if (answer.ok) return body as T;
  const problem = body as Partial<Problem> | undefined;
  throw new ApiError({
    code: problem?.code ?? 'internal',
    title: problem?.title ?? `The inspector answered ${answer.status}`,
    detail: problem?.detail ?? 'Try again in a moment.',
  });
}

const json = (method: string, body: unknown): RequestInit => ({
  method,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

const query = (values: Readonly<Record<string, string | number>>): string =>
  new URLSearchParams(Object.entries(values).map(([key, value]) => [key, String(value)])).toString();

/** Answers that are on their way to whoever asks next for the same. */
const ahead = new Map<string, Promise<unknown>>();

/** Asks now for what a view will ask for when it is there: by then the answer is under way. */
function askAhead(path: string): void {
  const answer = ask<unknown>(path);
  ahead.set(path, answer);
  answer.catch(() => {});
}

function taken<T>(path: string, options: RequestInit = {}): Promise<T> {
  const early = ahead.get(path) as Promise<T> | undefined;
  ahead.delete(path);
  return early ?? ask<T>(path, options);
}

interface SeriesAsked {
  readonly participant: string;
  readonly sender: string;
  readonly from: number;
  readonly to: number;
  readonly points: number;
}

const seriesPath = (callId: string, asked: SeriesAsked): string =>
  `${callPath(callId)}/series?${query({ ...asked, from: Math.floor(asked.from), to: Math.ceil(asked.to) })}`;

const callPath = (callId: string): string => `/calls/${encodeURIComponent(callId)}`;

export interface KeyInfo {
  readonly keyId: string;
  readonly name: string;
  readonly role: string;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly revokedAt: number | null;
}

export interface AuditEntry {
  readonly time: number;
  readonly actor: string;
  readonly role: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: string;
}

export const api = {
  session: () => ask<SessionAnswer>('/session'),
  waysIn: () => ask<{ oidc: boolean }>('/session/ways'),
  oidcUrl: (to: string) => `/api/v1/session/oidc?${query({ to })}`,
  signIn: (link: string) => ask<SessionAnswer>('/session', json('POST', { link })),
  signOut: () => ask<SignedOut>('/session', { method: 'DELETE' }),
  find: (q: string, cursor: string, signal: AbortSignal) =>
    ask<FoundCalls>(`/calls?${query({ q, zone: -new Date().getTimezoneOffset(), cursor, limit: 50 })}`, {
      signal,
    }),
  call: (callId: string, signal?: AbortSignal) =>
    taken<CallPage>(callPath(callId), { ...(signal && { signal }) }),
  callAhead: (callId: string) => askAhead(callPath(callId)),
  series: (callId: string, asked: SeriesAsked, signal: AbortSignal) =>
    taken<SeriesAnswer>(seriesPath(callId, asked), { signal }),
  seriesAhead: (callId: string, asked: SeriesAsked) => askAhead(seriesPath(callId, asked)),
  events: (callId: string, participant: string, cursor: string, signal: AbortSignal) =>
    ask<EventList>(`${callPath(callId)}/events?${query({ participant, cursor, limit: 200 })}`, { signal }),
  samples: (
    callId: string,
    asked: { participant: string; kind: string; from: number; to: number; cursor: string },
    signal: AbortSignal,
  ) =>
    ask<SampleList>(
      `${callPath(callId)}/samples?${query({ ...asked, from: Math.floor(asked.from), to: Math.ceil(asked.to), limit: 200 })}`,
      { signal },
    ),
  erase: (callId: string) => ask<{ tables: number; rows: number }>(callPath(callId), { method: 'DELETE' }),
  eraseParticipant: (callId: string, participantId: string) =>
    ask<{ rows: number; rewritten: number }>(
      `${callPath(callId)}/participants/${encodeURIComponent(participantId)}`,
      { method: 'DELETE' },
    ),
  exportUrl: (callId: string) => `/api/v1${callPath(callId)}/export`,
  liveUrl: (callId: string) => `/api/v1${callPath(callId)}/live`,
  judge: (file: Blob) =>
    ask<CallPage>('/judge', {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: file,
    }),
  keys: () => ask<{ keys: KeyInfo[] }>('/keys'),
  makeKey: (name: string, role: string) =>
    ask<KeyInfo & { token: string }>('/keys', json('POST', { name, role })),
  revokeKey: (keyId: string) => ask<void>(`/keys/${encodeURIComponent(keyId)}`, { method: 'DELETE' }),
  webhooks: () => ask<{ webhooks: WebhookInfo[] }>('/webhooks'),
  makeWebhook: (url: string, events: readonly string[]) =>
    ask<{ hookId: string; secret: string }>('/webhooks', json('POST', { url, events })),
  removeWebhook: (hookId: string) =>
    ask<void>(`/webhooks/${encodeURIComponent(hookId)}`, { method: 'DELETE' }),
  audit: (cursor: string) =>
    ask<{ entries: AuditEntry[]; next: string | null }>(`/audit?${query({ cursor })}`),
};
