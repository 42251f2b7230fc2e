/**
 * Time-limited TURN credentials, as coturn's `use-auth-secret` checks them: the user name is
 * `<expiry, epoch seconds>:<name>`, the password the base64 of HMAC-SHA1(secret, user name)
 * (draft-uberti-behave-turn-rest-00, section 2.2).
 *
 * HMAC-SHA1 is what the draft and coturn fix; it authenticates, it does not hash a password for storage.
 */
import { createHmac } from 'node:crypto';

export interface TurnCredentials {
  readonly username: string;
  readonly credential: string;
}

export interface TurnCredentialOptions {
  /** coturn's `static-auth-secret`. */
  readonly secret: string;
  /** Whom the allocation is for; appears in the relay's statistics. A colon in it becomes `_`. */
  readonly name: string;
  readonly ttlSeconds: number;
  /** Epoch milliseconds. */
  readonly nowMs: number;
}

export function turnCredentials({ secret, name, ttlSeconds, nowMs }: TurnCredentialOptions): TurnCredentials {
  const expiry = Math.floor(nowMs / 1000) + ttlSeconds;
  const username = `${expiry}:${name.replaceAll(':', '_')}`;
  return { username, credential: createHmac('sha1', secret).update(username).digest('base64') };
}
