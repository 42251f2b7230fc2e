/**
 * Everything the inspector refuses, in one table: code, HTTP status, and what to do about it. Answers carry them as
 * `application/problem+json` (RFC 9457); the codes do not change.
 */
export const errorTable = {
  malformed: {
    status: 400,
    title: 'The request is not as the API describes it',
    advice: 'See /api/v1/openapi.json.',
  },
  recording_malformed: {
    status: 422,
    title: 'The recording cannot be read',
    advice: 'Drop a webrtc-internals dump, an rtcstats dump or an export of Callscope, plain or gzip.',
  },
  recording_too_large: {
    status: 413,
    title: 'The recording is too large',
    advice: 'Cut it, or raise CALLSCOPE_INSPECTOR_IMPORT_MB.',
  },
  not_signed_in: {
    status: 401,
    title: 'Not signed in',
    advice: 'Open the link that was printed at start, or send a key as a bearer token.',
  },
  link_used: {
    status: 401,
    title: 'This link was used before',
    advice: 'Each link signs in once. Make another: npm run inspector-link',
  },
  link_invalid: {
    status: 401,
    title: 'This link does not hold',
    advice: 'It is too old or not of this deployment. Make another: npm run inspector-link',
  },
  login_invalid: {
    status: 401,
    title: 'Signing in did not work',
    advice: 'Try again from the beginning.',
  },
  no_role: {
    status: 403,
    title: 'This account has no role here',
    advice: 'Ask an administrator to give it one at the provider.',
  },
  provider_unavailable: {
    status: 503,
    title: 'The sign-in provider does not answer',
    advice: 'Try again in a moment; if it stays, see CALLSCOPE_OIDC_ISSUER.',
  },
  not_allowed: { status: 403, title: 'Not allowed with this role', advice: 'Ask an administrator to do it.' },
  wrong_origin: {
    status: 403,
    title: 'Another site asked for this',
    advice: 'Use the inspector’s own page, or a key.',
  },
  not_found: {
    status: 404,
    title: 'There is no such thing',
    advice: 'Check the id; old calls are deleted in time.',
  },
  call_live: {
    status: 409,
    title: 'The call goes on',
    advice: 'Erase it when it has ended: what is still being written cannot be erased.',
  },
  too_many_imports: {
    status: 429,
    title: 'Other recordings are being read',
    advice: 'Wait until they are done, then try again.',
  },
  too_many_webhooks: {
    status: 409,
    title: 'There are enough webhooks',
    advice: 'Remove one that is not needed.',
  },
  rate_limited: { status: 429, title: 'Too many requests', advice: 'Wait as long as retry-after says.' },
  store_unavailable: {
    status: 503,
    title: 'The store does not answer',
    advice: 'Try again in a moment; if it stays, see whether ClickHouse runs.',
  },
  internal: {
    status: 500,
    title: 'The inspector failed',
    advice: 'Try again; if it stays, look into its log.',
  },
} as const satisfies Record<string, { status: number; title: string; advice: string }>;

export type ErrorCode = keyof typeof errorTable;

export class InspectorError extends Error {
  override readonly name = 'InspectorError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.code = code;
  }
}
