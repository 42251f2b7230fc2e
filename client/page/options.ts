/** What the address of the page asks for: `/?invite=<JWT>&name=Ana&autojoin=1&camera=off&mic=off`. */

export interface PageOptions {
  /** The invite token; empty when the address has none. */
  readonly invite: string;
  /** The room's name for people, read from the invite unverified: for display only. */
  readonly roomId: string;
  readonly name: string;
  /** Join without waiting for the click; needs a name. */
  readonly autojoin: boolean;
  /** Whether to start with the camera on. @default true */
  readonly camera: boolean;
  /** Whether to start with the microphone on. @default true */
  readonly microphone: boolean;
}

/** @param search `location.search` */
export function readOptions(search: string): PageOptions {
  const query = new URLSearchParams(search);
  const invite = query.get('invite')?.trim() ?? '';
  const name = (query.get('name') ?? '').trim().slice(0, maxNameLength);
  return {
    invite,
    roomId: roomOf(invite),
    name,
    autojoin: query.get('autojoin') === '1' && name !== '',
    camera: query.get('camera') !== 'off',
    microphone: query.get('mic') !== 'off',
  };
}

/** Longest display name that the server takes, in UTF-16 code units. */
export const maxNameLength = 80;

/** The SFU verifies the token; here its payload is only looked at, and nothing in it is trusted. */
function roomOf(invite: string): string {
  const payload = invite.split('.')[1] ?? '';
  try {
    const bytes = Uint8Array.from(atob(payload.replace(/-/g, '+').replace(/_/g, '/')), (c) =>
      c.charCodeAt(0),
    );
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof claims === 'object' && claims !== null && 'roomId' in claims) {
      return typeof claims.roomId === 'string' ? claims.roomId.slice(0, 128) : '';
    }
  } catch {
    // Not a token at all: joining will say so, in words.
  }
  return '';
}
