/** Keys for programs: `csk_<id>_<secret>` as a bearer token. The store holds the secret's hash, never the secret. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Role } from '../contract.ts';
import { InspectorError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { Actor } from './actor.ts';

export interface KeyInfo {
  readonly keyId: string;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly revokedAt: number | null;
}

interface KeyRow extends KeyInfo {
  readonly tenantId: string;
  readonly secretHash: string;
}

export interface Keys {
  /** @returns undefined for a token that is no key (any more) */
  read(token: string): Promise<Actor | undefined>;
  list(tenantId: string): Promise<KeyInfo[]>;
  /** The token is told once. */
  make(actor: Actor, name: string, role: Role): Promise<KeyInfo & { token: string }>;
  /** @throws InspectorError `not_found` */
  revoke(actor: Actor, keyId: string): Promise<void>;
}

/** So long a revoked key may still be taken: each request asking the store would cost more than it protects. */
const trustMs = 5_000;
const mostRemembered = 1_000;

const columns = `key_id AS keyId, tenant_id AS tenantId, name, role, secret_hash AS secretHash,
  toUnixTimestamp64Milli(created_at) AS createdAt, created_by AS createdBy, toUnixTimestamp64Milli(revoked_at) AS revokedAt`;

export function openKeys(store: Store, now: () => number): Keys {
  const remembered = new Map<string, { row: KeyRow | undefined; until: number }>();

  async function rowOf(keyId: string): Promise<KeyRow | undefined> {
    const known = remembered.get(keyId);
    if (known && known.until > now()) return known.row;
    const [row] = await store.query<KeyRow>(
      `SELECT ${columns} FROM inspector_key FINAL WHERE key_id = {id:String}`,
      { id: keyId },
    );
    if (remembered.size >= mostRemembered) remembered.clear();
    remembered.set(keyId, { row, until: now() + trustMs });
    return row;
  }

  const write = (row: KeyRow) =>
    store.insert('inspector_key', [
      {
        key_id: row.keyId,
        tenant_id: row.tenantId,
        name: row.name,
        role: row.role,
        secret_hash: row.secretHash,
        created_at: row.createdAt,
        created_by: row.createdBy,
        revoked_at: row.revokedAt,
        revision: now(),
      },
    ]);

  return {
    async read(token) {
      const [, keyId, secret] = /^csk_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/.exec(token) ?? [];
      if (!keyId || !secret) return undefined;
      const row = await rowOf(keyId);
      const given = hashOf(secret);
      if (!row || row.revokedAt !== null || !sameHash(given, row.secretHash)) return undefined;
      const { tenantId, role, name } = row;
      return { tenantId, role, name: `key:${name}`, expiresAt: Number.MAX_SAFE_INTEGER, by: 'key' };
    },
    async list(tenantId) {
      const rows = await store.query<KeyRow>(
        `SELECT ${columns} FROM inspector_key FINAL WHERE tenant_id = {tenant:String} ORDER BY created_at`,
        { tenant: tenantId },
      );
      return rows.map(infoOf);
    },
    async make(actor, name, role) {
      const keyId = randomBytes(8).toString('hex');
      const secret = randomBytes(32).toString('base64url');
      const row: KeyRow = {
        keyId,
        tenantId: actor.tenantId,
        name,
        role,
        secretHash: hashOf(secret),
        createdAt: now(),
        createdBy: actor.name,
        revokedAt: null,
      };
      await write(row);
      remembered.delete(keyId);
      return { ...infoOf(row), token: `csk_${keyId}_${secret}` };
    },
    async revoke(actor, keyId) {
      remembered.delete(keyId);
      const row = await rowOf(keyId);
      if (!row || row.tenantId !== actor.tenantId || row.revokedAt !== null) {
        throw new InspectorError('not_found', 'There is no such key, or it was revoked before.');
      }
      await write({ ...row, revokedAt: now() });
      remembered.delete(keyId);
    },
  };
}

const infoOf = ({ keyId, name, role, createdAt, createdBy, revokedAt }: KeyRow): KeyInfo => ({
  keyId,
  name,
  role,
  createdAt,
  createdBy,
  revokedAt,
});

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
const sameHash = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
