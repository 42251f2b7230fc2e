/** Webhooks of tenants: what they can be told of, what they are sent, and the secret that signs it. */
import { createHmac } from 'node:crypto';
import { z } from 'zod';

export const webhookEvents = ['call.ended', 'incident.opened', 'incident.closed'] as const;
export type WebhookEvent = (typeof webhookEvents)[number];

/** The same when a message is repeated. */
export const webhookNoticeHeader = 'callscope-notice';

/** An address that a tenant may name; whether it may be reached is seen when it is. */
export const webhookUrlSchema = z
  .url({ protocol: /^https?$/, abort: true })
  .max(500)
  .refine((url) => new URL(url).username === '' && new URL(url).password === '', {
    error: 'must not hold a user name or password',
  });

/** Of one hook, under the deployment's secret: nobody need keep it. */
export const webhookSecret = (tokenSecret: string, hookId: string): string =>
  `whs_${createHmac('sha256', tokenSecret).update(`webhook ${hookId}`).digest('base64url')}`;

/** What a hook is sent. Times are epoch ms; null means not known. */
export interface WebhookMessage {
  readonly noticeId: string;
  readonly event: WebhookEvent;
  readonly tenantId: string;
  /** When it happened. */
  readonly at: number;
  readonly callId: string;
  /** Its page in the inspector; '' when that has no address. */
  readonly page: string;
  /** Of `call.ended`. */
  readonly call?: {
    readonly roomId: string;
    readonly startedAt: number;
    readonly endedAt: number;
    readonly participants: number;
    readonly audioMosWorstMinute: number | null;
    readonly videoMosWorstMinute: number | null;
    /** Share of scored windows that were bad, 0 to 1. */
    readonly badWindowRatio: number | null;
    readonly incidents: number;
    readonly decisions: number;
  };
  /** Of the others. */
  readonly incident?: {
    readonly incidentId: string;
    readonly kind: string;
    readonly hop: string;
    readonly participantId: string;
    readonly affected: readonly string[];
    readonly severity: string;
    readonly confidence: number;
    readonly startedAt: number;
    readonly endedAt: number | null;
    readonly sentence: string;
  };
}
