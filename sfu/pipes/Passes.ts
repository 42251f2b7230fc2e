/**
 * How media nodes know each other: by a token of the secret that all of them have, for one call, from one node to one
 * other, for half a minute. The way it takes is encrypted, and the other end is who it should be: nodes of one machine
 * have one certificate, all others have theirs from somebody who is trusted.
 */
import { readFileSync } from 'node:fs';
import { getCACertificates } from 'node:tls';
import { type NodeClaims, signToken, verifyToken } from '../../telemetry/tokens.ts';
import { SfuError } from '../errors.ts';

const passSeconds = 30;

export interface PassesOptions {
  readonly nodeId: string;
  readonly tokenSecret: string;
  readonly tls: { readonly certFile: string } | null;
}

export class Passes {
  /** Certificates that another node's may be, or be signed with. */
  readonly trusted: string[];
  readonly #options: PassesOptions;

  constructor(options: PassesOptions) {
    this.#options = options;
    const own = options.tls ? [readFileSync(options.tls.certFile, 'utf8')] : [];
    this.trusted = [...getCACertificates('default'), ...own];
  }

  /** @returns the header `authorization` */
  async make(call: Pick<NodeClaims, 'tenantId' | 'roomId' | 'callId'>, toNodeId: string): Promise<string> {
    const { nodeId, tokenSecret: secret } = this.#options;
    const { tenantId, roomId, callId } = call;
    const claims = { tenantId, roomId, callId, nodeId, toNodeId };
    return `Bearer ${await signToken('node', claims, { secret, ttlSeconds: passSeconds })}`;
  }

  /** @throws SfuError node_unknown */
  async check(authorization: string | undefined): Promise<NodeClaims> {
    const { nodeId, tokenSecret } = this.#options;
    const token = /^Bearer ([\w.-]{1,4096})$/.exec(authorization ?? '')?.[1] ?? '';
    const claims = await verifyToken('node', token, tokenSecret).catch((error: unknown) => {
      throw new SfuError('node_unknown', 'The token is missing, wrong or expired.', { cause: error });
    });
    if (claims.toNodeId !== nodeId) throw new SfuError('node_unknown', 'The token is for another node.');
    return claims;
  }
}
