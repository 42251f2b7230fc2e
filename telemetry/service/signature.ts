/**
 * The signature of what we send to webhooks: `Callscope-Signature: t=SECONDS,v1=HEX`, where HEX is the HMAC-SHA256 of
 * `SECONDS.BODY` under the shared secret. Check it over the bytes as they came, in constant time, and refuse what is older
 * than five minutes.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export const signatureHeader = 'callscope-signature';

export function sign(body: string, secret: string, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000);
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}

/** For those who receive: whether body and time are what was signed. */
export function isSigned(body: string, signature: string, secret: string, nowMs: number): boolean {
  const seconds = Number(/^t=(\d+),/.exec(signature)?.[1]);
  if (!(Math.abs(nowMs / 1000 - seconds) <= 300)) return false;
  const wanted = Buffer.from(sign(body, secret, seconds * 1000));
  const given = Buffer.from(signature);
  return wanted.length === given.length && timingSafeEqual(wanted, given);
}
