/** Everything that can keep somebody out of the call, and the words for it. */

export type FaultCode =
  | 'invite_missing'
  | 'invite_expired'
  | 'invite_invalid'
  | 'room_full'
  | 'server_away'
  | 'refused'
  | 'browser_unsupported';

export interface Fault {
  readonly code: FaultCode;
  readonly title: string;
  readonly text: string;
  /** Whether trying again, unchanged, can help. */
  readonly retry: boolean;
}

const table: Record<FaultCode, Omit<Fault, 'code'>> = {
  invite_missing: {
    title: 'This link has no invitation',
    text: 'The address ends without “?invite=…”. Open the whole link that you were sent.',
    retry: false,
  },
  invite_expired: {
    title: 'This invitation has expired',
    text: 'Ask the person who invited you for a new link.',
    retry: false,
  },
  invite_invalid: {
    title: 'This invitation is not valid',
    text: 'The link may be cut short or meant for another server. Ask for a new one.',
    retry: false,
  },
  room_full: {
    title: 'The room is full',
    text: 'Somebody has to leave before you can come in.',
    retry: true,
  },
  server_away: {
    title: 'The meeting server cannot be reached',
    text: 'Check your connection, then try again. If others cannot join either, the server is down.',
    retry: true,
  },
  refused: {
    title: 'The meeting server refused',
    text: 'It did not say why. Try again; if it stays, tell the person who invited you.',
    retry: true,
  },
  browser_unsupported: {
    title: 'This browser cannot take part',
    text: 'Use a recent Chrome, Edge, Firefox or Safari.',
    retry: false,
  },
};

/** Thrown by whatever stands between the click and the call. */
export class FaultError extends Error {
  override readonly name = 'FaultError';
  readonly fault: Fault;
  /** @param detail the server's own words, shown where we have none */
  constructor(code: FaultCode, detail = '') {
    const { title, text, retry } = table[code];
    super(detail || title);
    this.fault = { code, title, text: code === 'refused' && detail ? detail : text, retry };
  }
}

export const faultOf = (error: unknown): Fault =>
  error instanceof FaultError
    ? error.fault
    : new FaultError('refused', error instanceof Error ? error.message : String(error)).fault;
