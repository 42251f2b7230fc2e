/**
 * Sessions: a signed cookie, and the one-time links that begin one. Links are signed by whoever has the deployment's
 * secret (the start, the demo, `npm run inspector-link`); that one is used up is remembered in the audit log.
 */
import { randomUUID } from 'node:crypto';
import { type Claims, signToken, verifyToken } from '../../telemetry/tokens.ts';
import { InspectorError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { Actor } from './actor.ts';
import type { Audit } from './audit.ts';
import type { Identity } from './oidc.ts';

export const cookieName = 'callscope_inspector';
export const sessionSeconds = 12 * 3600;

export interface Sessions {
  /** @throws InspectorError `link_invalid`, `link_used` */
  begin(link: string): Promise<{ cookie: string; actor: Actor }>;
  /** Begins a session of somebody whom a provider has vouched for. */
  admit(identity: Identity): Promise<{ cookie: string; actor: Actor }>;
  /** @returns undefined for a cookie that does not hold (any more) */
  read(cookie: string): Promise<Actor | undefined>;
}

export function openSessions(parts: { secret: string; store: Store; audit: Audit }): Sessions {
  const { secret, store, audit } = parts;
  /** Used within this process: what the store does not know yet. */
  const used = new Set<string>();

  async function useUp(id: string, tenantId: string): Promise<void> {
    if (used.has(id)) throw new InspectorError('link_used', 'Somebody signed in with it.');
    used.add(id);
    const [known] = await store.query(
      "SELECT subject FROM inspector_audit WHERE tenant_id = {tenant:String} AND action = 'sign_in' AND subject = {id:String} LIMIT 1",
      { tenant: tenantId, id },
    );
    if (known) throw new InspectorError('link_used', 'Somebody signed in with it.');
  }

  async function open({ tenantId, role, name }: Identity, subject: string) {
    const expiresAt = Date.now() + sessionSeconds * 1000;
    const actor: Actor = { tenantId, role, name, expiresAt, by: 'cookie' };
    await audit.record(actor, 'sign_in', subject);
    const session = { tenantId, role, actor: name, sessionId: randomUUID() };
    const cookie = await signToken('inspectorSession', session, { secret, ttlSeconds: sessionSeconds });
    return { actor, cookie };
  }

  return {
    async begin(link) {
      let claims: Claims<'inspectorLink'>;
      try {
        claims = await verifyToken('inspectorLink', link, secret);
      } catch (error) {
        throw new InspectorError('link_invalid', 'Its signature or its time does not hold.', {
          cause: error,
        });
      }
      const { tenantId, role, linkId } = claims;
      await useUp(linkId, tenantId);
      return open({ tenantId, role, name: `link:${linkId.slice(0, 8)}` }, linkId);
    },
    admit: (identity) => open(identity, ''),
    async read(cookie) {
      try {
        const { tenantId, role, actor } = await verifyToken('inspectorSession', cookie, secret);
        const { exp = 0 } = JSON.parse(
          Buffer.from(cookie.split('.')[1] ?? '', 'base64url').toString('utf8'),
        ) as { exp?: number };
        return { tenantId, role, name: actor, expiresAt: exp * 1000, by: 'cookie' };
      } catch {
        return undefined;
      }
    },
  };
}
