/** BullMQ queues: names and job payloads. Payloads are checked on both sides with these schemas. */
import { z } from 'zod';

export const queuePrefix = 'callscope';

export const queueNames = {
  /** One window of one shard: score every stream in it. */
  score: 'score',
  /** One shard: run the detectors up to now, decide. */
  detect: 'detect',
  /** Every half minute: evaluate the promises. */
  evaluate: 'evaluate-alerts',
  /** One receiver: tell it what it has not been told. */
  deliver: 'deliver-alerts',
  /** One webhook of a tenant: tell it what it has not been told. */
  webhook: 'webhook',
  /** Every few seconds: is there enough TURN relay? */
  scale: 'scale-turn',
  /** One order to a webhook that runs the TURN fleet. */
  fleetWebhook: 'fleet-webhook',
  /** Orders to the relays that run beside a local driver (turn/fleet), of one region. */
  fleetOrders: (region: string) => `fleet-orders-${region || 'default'}`,
  /** Per SFU node: what the pipelines tell it. */
  sfu: (sfuNodeId: string) => `sfu-${sfuNodeId}`,
  /** A call is to be recorded: any recorder takes it. */
  record: 'record',
  /** One recording that has ended: mux, store, verify, delete. Per recorder, as it is about files on its disk. */
  finish: (recorderId: string) => `finish-${recorderId}`,
  /** One piece of speech on a recorder's disk. */
  transcribe: (recorderId: string) => `transcribe-${recorderId}`,
} as const;

const id = z.string().min(1).max(128);
const epochMs = z.number().int().nonnegative();
const shard = z.number().int().nonnegative();

export const scoreJobSchema = z.object({
  windowStart: epochMs,
  windowMs: z.number().int().positive(),
  shard,
});
export type ScoreJob = z.infer<typeof scoreJobSchema>;

export const detectJobSchema = z.object({ throughMs: epochMs, shard });
export type DetectJob = z.infer<typeof detectJobSchema>;

export const deliverJobSchema = z.object({ receiver: z.string().min(1).max(64) });
export type DeliverJob = z.infer<typeof deliverJobSchema>;

export const webhookJobSchema = z.object({ hookId: id });
export type WebhookJob = z.infer<typeof webhookJobSchema>;

export const finishJobSchema = z.object({ recordingId: id });
export type FinishJob = z.infer<typeof finishJobSchema>;

export const transcribeJobSchema = z.object({
  recordingId: id,
  streamId: id,
  segment: z.number().int().positive(),
});
export type TranscribeJob = z.infer<typeof transcribeJobSchema>;

/** Everybody whom the participant hears is asked to send audio at no more than this; 0 for no such bound. */
const audioMaxBitrateBps = z.number().int().min(0).max(510_000).default(0);

export const actionSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('cap_layers'),
    /** Highest spatial and temporal layer to forward, of every camera consumer of the participant. */
    spatialLayer: z.number().int().min(0).max(7),
    temporalLayer: z.number().int().min(0).max(7),
    /**
     * Pause the participant's video this long first, so that the retransmission queue empties before the
     * low layer starts; 0 for none.
     */
    drainMs: z.number().int().min(0).max(10_000),
    /**
     * The transport's bandwidth estimate is not let fall below this while the cap holds, so that the low layer is sent
     * although the estimate of a link that was overfull has collapsed; 0 for no such bound.
     */
    minOutgoingBitrateBps: z.number().int().min(0).max(2_000_000).default(0),
    audioMaxBitrateBps,
  }),
  z.object({
    kind: z.literal('audio_only'),
    /** Pause the audio as well for this long: where its retransmissions alone keep the queue full, it ends so; 0 for none. */
    audioDrainMs: z.number().int().min(0).max(1_000).default(0),
    audioMaxBitrateBps,
  }),
  z.object({
    kind: z.literal('raise_estimate'),
    /**
     * The transport's bandwidth estimate is not let fall below half as much again as this, and after each half second
     * half as much again as before, up to `toBps`.
     */
    fromBps: z.number().int().min(1).max(50_000_000),
    toBps: z.number().int().min(1).max(50_000_000),
  }),
  /** Let go of whatever is in force for this participant. */
  z.object({ kind: z.literal('lift') }),
]);
export type Action = z.infer<typeof actionSchema>;

/** What the SFU is told to do for one receiver. The newest decision for a participant replaces the one before. */
export const decisionMessageSchema = z.object({
  type: z.literal('decision'),
  decisionId: id,
  tenantId: id,
  callId: id,
  participantId: id,
  action: actionSchema,
  reason: z.string().max(500),
  sentAtMs: epochMs,
  /** The SFU drops the decision when it arrives later than this, and lets go of it by itself after it. */
  ttlMs: z.number().int().positive().max(600_000),
});
export type DecisionMessage = z.infer<typeof decisionMessageSchema>;

/** How well each participant's media does, for the people in the call to see. */
export const qualityMessageSchema = z.object({
  type: z.literal('quality'),
  tenantId: id,
  callId: id,
  participants: z
    .array(
      z.object({
        participantId: id,
        level: z.enum(['good', 'fair', 'poor', 'unknown']),
        /** One short sentence; empty when all is well. */
        reason: z.string().max(300),
        audioMos: z.number().min(1).max(5).nullable(),
        videoMos: z.number().min(1).max(5).nullable(),
      }),
    )
    .max(1000),
});
export type QualityMessage = z.infer<typeof qualityMessageSchema>;

export const sfuMessageSchema = z.discriminatedUnion('type', [decisionMessageSchema, qualityMessageSchema]);
export type SfuMessage = z.infer<typeof sfuMessageSchema>;
