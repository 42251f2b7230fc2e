/** Who asks, and what they may do. */
import type { Role } from '../contract.ts';
import { InspectorError } from '../errors.ts';

export interface Actor {
  readonly tenantId: string;
  /** For the audit log: `key:…`, `link:…` or `oidc:…`. */
  readonly name: string;
  readonly role: Role;
  /** Epoch ms; of a key: never. */
  readonly expiresAt: number;
  readonly by: 'key' | 'cookie';
}

/** What needs more than reading. Support reads, judges recordings and exports; admins do the rest as well. */
const adminOnly = new Set(['erase', 'keys', 'audit', 'webhooks']);

/** @throws InspectorError `not_allowed` */
export function mustMay(actor: Actor, action: string): void {
  if (actor.role === 'admin' || !adminOnly.has(action)) return;
  throw new InspectorError('not_allowed', `The role “${actor.role}” may not ${action}.`);
}
