/**
 * A webhook of one's own: the message as JSON, signed (telemetry/service/signature.ts). `Callscope-Notice` is the same when
 * a message is repeated.
 */
import { sign, signatureHeader } from '../../telemetry/service/signature.ts';
import type { Receiver } from './receiver.ts';

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
