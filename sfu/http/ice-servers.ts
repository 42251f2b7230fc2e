/**
 * `POST /api/v1/ice-servers`: two TURN relays with credentials for whoever holds an invitation, given as a bearer
 * token; for clients other than our page, and for those that want fresh ones.
 */
import { randomBytes } from 'node:crypto';
import { SfuError } from '../errors.ts';
import { credentialSeconds, type IceServers, type Relays } from '../relays/Relays.ts';
import { invitation } from './admission.ts';

export interface IceServersAnswer {
  readonly iceServers: IceServers;
  readonly ttlSeconds: number;
}

/** @throws SfuError invite_expired, invite_invalid */
export async function handOutIceServers(
  authorization: string | undefined,
  tokenSecret: string,
  relays: Relays,
): Promise<IceServersAnswer> {
  const invite = /^Bearer ([\w.-]{1,4096})$/.exec(authorization ?? '')?.[1];
  if (!invite) throw new SfuError('invite_invalid', 'Send the invitation as a bearer token.');
  await invitation(invite, tokenSecret);
  return {
    iceServers: relays.iceServers(`api-${randomBytes(8).toString('hex')}`),
    ttlSeconds: credentialSeconds,
  };
}
