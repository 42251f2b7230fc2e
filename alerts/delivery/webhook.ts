/**
 * A webhook of one's own: the message as JSON, signed. `Callscope-Signature: t=SECONDS,v1=HEX`, where HEX is the
 * HMAC-SHA256 of `SECONDS.BODY` under the shared secret. Check it over the bytes as they came, in constant time, and
 * refuse what is older than five minutes. `Callscope-Notice` is the same when a message is repeated.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Receiver } from './receiver.ts';

export const signatureHeader = 'callscope-signature';
export const noticeHeader = 'callscope-notice';

export const webhook = (url: string, secret: string): Receiver => ({
  name: 'webhook',
  severities: ['page', 'ticket'],
  forgets: false,
  request(message, nowMs) {
    const body = JSON.stringify(message);
    return {
      url,
      headers: {
        'content-type': 'application/json',
        [noticeHeader]: message.noticeId,
        [signatureHeader]: sign(body, secret, nowMs),
      },
      body,
    };
  },
});

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
