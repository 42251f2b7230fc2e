/**
 * The `fleet-webhook` job: tells a webhook what the TURN fleet should become. `Callscope-Signature` is that of alerts
 * (docs/alerts.md); the body is a RelayOrder (telemetry/relays.ts), whose `orderId` is the same when it is repeated
 * and which holds for `ttlMs`: whoever carries it out refuses what is unsigned, too late, or done already.
 */
import { UnrecoverableError } from 'bullmq';
import { jsonRequest } from '../../alerts/delivery/receiver.ts';
import { send } from '../../alerts/delivery/send.ts';
import { relayOrderSchema } from '../../telemetry/relays.ts';
import type { Logger } from '../../telemetry/service/service.ts';
import { sign, signatureHeader } from '../../telemetry/service/signature.ts';
import { PipelinesError } from '../errors.ts';

export interface WebhookContext {
  readonly url: string;
  readonly secret: string;
  readonly log: Logger;
  readonly now: () => number;
}

/** @throws DeliveryError, to be tried again; UnrecoverableError once the order is too old */
export async function tellWebhook(data: unknown, { url, secret, log, now }: WebhookContext): Promise<void> {
  const parsed = relayOrderSchema.safeParse(data);
  if (!parsed.success) throw new PipelinesError('bad_job', `fleet order: ${parsed.error.message}`);
  const order = parsed.data;
  if (now() > order.sentAtMs + order.ttlMs) {
    log.warn(
      { orderId: order.orderId, decisionId: order.decisionId },
      'order to the fleet given up: too late',
    );
    throw new UnrecoverableError('too late');
  }
  const request = jsonRequest(url, order);
  const signature = sign(request.body, secret, now());
  await send({ ...request, headers: { ...request.headers, [signatureHeader]: signature } });
  log.info({ orderId: order.orderId, decisionId: order.decisionId }, 'fleet webhook told');
}
