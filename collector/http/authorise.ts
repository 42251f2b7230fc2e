/** Who may write: servers by the server key or one of a tenant, participants by a telemetry token. */
import { hash, timingSafeEqual } from 'node:crypto';
import { decodeJwt } from 'jose';
import { verifyToken } from '../../telemetry/tokens.ts';
import { CollectorError } from '../errors.ts';
import type { Signal } from '../otlp/answer.ts';
import type { Writer } from '../rows/identity.ts';

export type Authorise = (header: string | undefined, signal: Signal) => Promise<Writer>;

/** Longest header looked at, characters. Ours have about 400. */
const maxHeaderLength = 4_096;

/** Tokens remembered as valid until they expire: a participant shows the same one every second or two. */
const maxVerified = 10_000;

export interface Secrets {
  readonly tokenSecret: string;
  /** Of servers that write for any tenant. */
  readonly serverKey: string;
  /** Keys of servers that write for one tenant only, and whose each is. */
  readonly tenantKeys?: ReadonlyMap<string, string>;
}

/** @returns a function that throws CollectorError `unauthenticated` or `forbidden` */
export function authoriser(secrets: Secrets): Authorise {
  const keys: readonly { hash: Buffer; writer: Writer }[] = [
    { hash: sha256(secrets.serverKey), writer: { kind: 'server' } },
    ...[...(secrets.tenantKeys ?? [])].map(([key, tenantId]) => ({
      hash: sha256(key),
      writer: { kind: 'server', tenantId } as const,
    })),
  ];
  /** By the whole header. */
  const verified = new Map<string, { writer: Writer; untilMs: number }>();
  return async (header, signal) => {
    if (!header) throw new CollectorError('unauthenticated', 'no Authorization header');
    const known = signal === 'metrics' ? undefined : verified.get(header);
    if (known && known.untilMs > Date.now()) return known.writer;
    const token = header.length <= maxHeaderLength && /^Bearer ([\x21-\x7e]+)$/i.exec(header)?.[1];
    if (!token)
      throw new CollectorError('unauthenticated', 'the Authorization header is not "Bearer <token>"');
    // Hashes have one length, so the comparison's time tells nothing about the key.
    const shown = sha256(token);
    const server = keys.find(({ hash }) => timingSafeEqual(shown, hash));
    if (server) return server.writer;
    if (signal === 'metrics') throw new CollectorError('forbidden', 'metrics are taken from servers only');
    try {
      const claims = await verifyToken('telemetry', token, secrets.tokenSecret);
      const writer: Writer = { kind: 'participant', claims };
      if (verified.size >= maxVerified) verified.clear();
      verified.set(header, { writer, untilMs: (decodeJwt(token).exp ?? 0) * 1_000 });
      return writer;
    } catch (error) {
      throw new CollectorError('unauthenticated', `the token is not valid: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  };
}

const sha256 = (text: string): Buffer => hash('sha256', text, 'buffer');

/** jose's codes, in words that do not tell an attacker more than they know. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ERR_JWT_EXPIRED') return 'expired';
  if (code === 'ERR_JWT_CLAIM_VALIDATION_FAILED') return 'issued for another purpose';
  return 'not issued here';
}
