/** Join tokens admit once: whoever listened in on one cannot use it again. */
import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import { type JoinClaims, verifyToken } from '../../telemetry/tokens.ts';
import { SfuError } from '../errors.ts';

/** Longer than the tolerance that `verifyToken` has for clocks, ms. */
const toleranceMs = 10_000;

export class JoinTokens {
  readonly #secret: string;
  /** Hash of the token -> when it is forgotten, epoch ms. */
  readonly #used = new Map<string, number>();

  constructor(secret: string) {
    this.#secret = secret;
  }

  /** @throws SfuError token_invalid, token_used */
  async redeem(token: string): Promise<JoinClaims> {
    let claims: JoinClaims;
    try {
      claims = await verifyToken('join', token, this.#secret);
    } catch (error) {
      throw new SfuError('token_invalid', 'The join token is not valid or has expired.', { cause: error });
    }
    // From here on nothing is awaited: two joins with one token cannot both pass.
    const now = Date.now();
    const hash = createHash('sha256').update(token).digest('base64');
    if (this.#used.has(hash)) throw new SfuError('token_used', 'The join token was used before.');
    for (const [old, untilMs] of this.#used) if (untilMs <= now) this.#used.delete(old);
    this.#used.set(hash, (decodeJwt(token).exp ?? 0) * 1000 + toleranceMs);
    return claims;
  }
}
