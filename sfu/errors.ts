/**
 * Everything that the media node refuses, in one table: code, HTTP status, and what to do about it. The same
 * codes travel over HTTP (`{code, message}`) and signaling (`error: {code, message}`), and in
 * `rtc.signaling.refused` events.
 */

export const errorTable = {
  malformed: { status: 400, advice: 'Send a request as the protocol describes it.' },
  unknown_method: { status: 400, advice: 'Use a method of the signaling protocol.' },
  invite_expired: { status: 401, advice: 'Ask for a new invitation.' },
  invite_invalid: { status: 401, advice: 'Ask for a new invitation.' },
  token_invalid: { status: 401, advice: 'Ask for admission again: POST /api/v1/join.' },
  token_used: { status: 401, advice: 'A join token admits once; ask for admission again.' },
  not_joined: { status: 401, advice: 'Send join with a join token first.' },
  already_joined: { status: 409, advice: 'One join per connection; open another one.' },
  recorder_unknown: { status: 401, advice: 'Send CALLSCOPE_RECORDER_SECRET of this node as bearer token.' },
  recorder_taken: { status: 409, advice: 'Leave it to the one that has it.' },
  node_unknown: { status: 401, advice: 'Give all media nodes the same CALLSCOPE_TOKEN_SECRET.' },
  session_over: { status: 410, advice: 'Ask for admission again: POST /api/v1/join.' },
  call_over: { status: 410, advice: 'The call has ended; ask for admission again.' },
  not_found: { status: 404, advice: 'Use an address or id that was given to this client and is still open.' },
  media_refused: {
    status: 422,
    advice: 'Check the parameters against the router capabilities of the join answer.',
  },
  cannot_consume: { status: 422, advice: 'This client cannot receive that codec; skip the producer.' },
  limit_reached: { status: 429, advice: 'Close what is no longer needed before opening more.' },
  rate_limited: { status: 429, advice: 'Send fewer requests; wait a second before the next.' },
  no_worker: {
    status: 503,
    advice: 'Media is restarting on this node; ask for admission again in a second.',
  },
  recording_off: {
    status: 503,
    advice:
      'Set CALLSCOPE_RECORDER_SECRET and CALLSCOPE_REDIS_URL of this node, or invite without recording.',
  },
  stopping: { status: 503, advice: 'This node is going away; join another.' },
  internal: { status: 500, advice: 'Try again; if it stays, look for the same moment in the node log.' },
  rtc_port_busy: {
    status: 500,
    advice: 'Set CALLSCOPE_RTC_PORT to a port with as many free ones above it as workers.',
  },
  worker_start: {
    status: 500,
    advice: 'Check that the mediasoup worker is installed, or set MEDIASOUP_WORKER_BIN.',
  },
} as const satisfies Record<string, { status: number; advice: string }>;

export type ErrorCode = keyof typeof errorTable;

/** A refusal with a code. The message says what was wrong and where; the advice is added to it. */
export class SfuError extends Error {
  override readonly name = 'SfuError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(`${message} ${errorTable[code].advice}`, options);
    this.code = code;
  }

  get status(): number {
    return errorTable[this.code].status;
  }
}

/** Why the node closes a signaling socket: RFC 6455 close codes, application range 4000 to 4999. */
export const closeCodes = {
  /** The node stops; join another one or try again. */
  going_away: 1001,
  /** The client left, as it asked. */
  left: 1000,
  /** Message larger than the bound (set by the socket library itself). */
  too_big: 1009,
  /** No join within the time allowed. */
  join_timeout: 4001,
  /** The same participant joined again over another connection. */
  replaced: 4002,
  /** The media worker of the room died; join again at once. */
  worker_died: 4003,
  /** Requests kept coming over the rate bound. */
  rate_limited: 4004,
  /** The client does not read what it is sent. */
  too_slow: 4005,
  /** The join was refused; the answer before it says why. */
  join_refused: 4006,
} as const;

export type CloseReason = keyof typeof closeCodes;
