/**
 * TURN relays as the services know them: what each tells of itself in Redis every second, and the orders that the
 * scaler gives to whoever starts and ends relays. A relay whose key is gone is unheard, not dead.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** Also the relay's realm, and part of names in Redis. */
export const relayIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/, 'expected letters, digits and "-"');
const region = z.string().max(64);
const count = z.number().int().nonnegative();

export const relayHeartbeatSchema = z.object({
  relayId: relayIdSchema,
  /** Empty: one region only. */
  region,
  /** `turn:host:port?transport=udp` and the like. */
  urls: z
    .array(
      z
        .string()
        .max(256)
        .regex(/^turns?:\S+$/),
    )
    .min(1)
    .max(8),
  state: z.enum(['warming', 'serving', 'draining']),
  /** Whether coturn runs and answers. */
  healthy: z.boolean(),
  /** When this coturn was started, epoch ms: with another number every allocation is gone. */
  startedMs: count,
  /** Used share of what it may carry, whichever of bandwidth, allocations and CPU is nearest its limit. */
  load: z.number().nonnegative().nullable(),
  allocations: count.nullable(),
  /** Allocations begun and ended since the agent started. */
  opened: count,
  closed: count,
  /** How long it has been in this state and healthy without a break. */
  steadyForMs: count,
  /** How often coturn was lost within half an hour. */
  recentLosses: count,
});
export type RelayHeartbeat = z.infer<typeof relayHeartbeatSchema>;

export const relayKeys = {
  /** A set of ids. */
  ids: 'callscope:turn:relays',
  heartbeat: (relayId: string) => `callscope:turn:relay:${relayId}`,
  /** Channel: the id of a relay whose state or health changed. */
  changed: 'callscope:turn:changed',
} as const;

/** Between two heartbeats. */
export const heartbeatMs = 1_000;
/** Without one for so long a relay is unheard: longer than a busy machine's pauses. */
export const heardForMs = 3_000;

/** What the scaler wants done in one region. Signed: whoever can write to Redis can not thereby end relays. */
export const relayOrderSchema = z.object({
  orderId: z.string().min(8).max(128),
  decisionId: z.string().min(1).max(128),
  region,
  start: z.number().int().min(0).max(1_000),
  resume: z.array(relayIdSchema).max(1_000),
  drain: z.array(relayIdSchema).max(1_000),
  /** Only those that hold no allocations, or are dead; whoever carries it out looks again. */
  remove: z.array(relayIdSchema).max(1_000),
  reason: z.string().max(500),
  sentAtMs: count,
  /** Later than this the order is refused. */
  ttlMs: z.number().int().positive().max(600_000),
});
export type RelayOrder = z.infer<typeof relayOrderSchema>;

export const signedOrderSchema = z.object({
  /** JSON of a RelayOrder, signed as it stands. */
  order: z.string().max(200_000),
  /** Hex of HMAC-SHA256. */
  signature: z.string().regex(/^[0-9a-f]{64}$/),
});
export type SignedOrder = z.infer<typeof signedOrderSchema>;

const signatureOf = (order: string, secret: string) =>
  createHmac('sha256', secret).update(`callscope-relay-order.${order}`).digest();

export function signOrder(order: RelayOrder, secret: string): SignedOrder {
  const text = JSON.stringify(order);
  return { order: text, signature: signatureOf(text, secret).toString('hex') };
}

export type OrderRefusal = 'malformed' | 'forged' | 'expired' | 'replayed';

/** Clocks of two machines may differ by so much. */
const clockSkewMs = 5_000;

/** Remembers the orders it let pass for as long as they hold, so that each passes once. */
export class OrderGate {
  readonly #secret: string;
  /** By id, until when it could be replayed, epoch ms. */
  readonly #passed = new Map<string, number>();

  constructor(secret: string) {
    this.#secret = secret;
  }

  /** @returns the order, or why it is refused */
  check(given: unknown, nowMs: number): RelayOrder | OrderRefusal {
    const signed = signedOrderSchema.safeParse(given);
    if (!signed.success) return 'malformed';
    const { order: text, signature } = signed.data;
    if (!timingSafeEqual(signatureOf(text, this.#secret), Buffer.from(signature, 'hex'))) return 'forged';
    const parsed = relayOrderSchema.safeParse(parseJson(text));
    if (!parsed.success) return 'malformed';
    const { orderId, sentAtMs, ttlMs } = parsed.data;
    const untilMs = sentAtMs + ttlMs + clockSkewMs;
    if (nowMs > untilMs || sentAtMs > nowMs + clockSkewMs) return 'expired';
    for (const [id, until] of this.#passed) if (until < nowMs) this.#passed.delete(id);
    if (this.#passed.has(orderId)) return 'replayed';
    this.#passed.set(orderId, untilMs);
    return parsed.data;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
