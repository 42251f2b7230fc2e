/** The relays of the stack as their own service shows them, and orders to it, signed as the scaler's are. */
import { randomBytes } from 'node:crypto';
import { Queue } from 'bullmq';
import { z } from 'zod';
import type { Stack } from '../../runtime/stack.ts';
import { queueNames, queuePrefix } from '../../telemetry/queues.ts';
import { type RelayOrder, relayHeartbeatSchema, signOrder } from '../../telemetry/relays.ts';

const answerSchema = z.object({
  relays: z.array(relayHeartbeatSchema.extend({ pid: z.number().nullable() })),
});
export type RelaySeen = z.infer<typeof answerSchema>['relays'][number];

/** @throws Error when the service does not answer */
export async function relaysOf({ urls }: Stack): Promise<RelaySeen[]> {
  if (!urls.relays) throw new Error('the relays of this stack run elsewhere (CALLSCOPE_TURN_URLS)');
  const response = await fetch(`${urls.relays}/readyz`);
  return answerSchema.parse(await response.json()).relays;
}

export const serving = (relays: readonly RelaySeen[]): RelaySeen[] =>
  relays.filter(({ state, healthy }) => state === 'serving' && healthy);

export async function order(
  stack: Stack,
  what: Partial<Pick<RelayOrder, 'start' | 'drain' | 'remove'>>,
): Promise<void> {
  const connection = { url: stack.urls.redis, maxRetriesPerRequest: null };
  const queue = new Queue(queueNames.fleetOrders(''), { connection, prefix: queuePrefix });
  try {
    const signed = signOrder(
      {
        orderId: `lab-${randomBytes(12).toString('hex')}`,
        decisionId: 'lab',
        region: '',
        start: 0,
        resume: [],
        drain: [],
        remove: [],
        reason: 'The lab sets the stage.',
        sentAtMs: Date.now(),
        ttlMs: 30_000,
        ...what,
      },
      stack.secrets.turn,
    );
    await queue.add('order', signed, { removeOnComplete: true });
  } finally {
    await queue.close();
  }
}

/** Who asks now is given these, the first of them first. @throws Error when the node refuses */
export async function relaysGiven(stack: Stack, link: string): Promise<string[]> {
  const invite = new URL(link).searchParams.get('invite');
  const response = await fetch(`${stack.urls.sfu}/api/v1/ice-servers`, {
    method: 'POST',
    headers: { authorization: `Bearer ${invite}` },
  });
  if (!response.ok) throw new Error(`no relays are given: ${response.status} ${await response.text()}`);
  const { iceServers } = iceServersSchema.parse(await response.json());
  return iceServers.flatMap(({ urls }) => urls);
}

const iceServersSchema = z.object({ iceServers: z.array(z.object({ urls: z.array(z.string()) })) });
