/**
 * Media nodes as they know each other: what each tells of itself in Redis every second, and which node has which call.
 * Redis holds nothing that could not be told anew: a node tells of itself and its calls for as long as it lives.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';

export const nodeIdSchema = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/);
const count = z.number().int().nonnegative();

export const nodeHeartbeatSchema = z.object({
  nodeId: nodeIdSchema,
  /** Empty: one region only. */
  region: z.string().max(64),
  /** Where clients and other nodes reach it: `https://host:port`. */
  origins: z.array(z.url().max(256)).min(1).max(8),
  /** `draining` takes no new calls. */
  state: z.enum(['serving', 'draining']),
  /** Epoch ms: with another number it is another process, and the calls of the one before are gone. */
  startedMs: count,
  /** Share of what it may carry. */
  load: z.number().nonnegative(),
});
export type NodeHeartbeat = z.infer<typeof nodeHeartbeatSchema>;

/** Which process of which node has the call of a room. */
export const placementSchema = z.object({
  callId: z.string().min(1).max(128),
  nodeId: nodeIdSchema,
  startedMs: count,
});
export type Placement = z.infer<typeof placementSchema>;

export const nodeKeys = {
  /** A set of ids. */
  ids: 'callscope:sfu:nodes',
  heartbeat: (nodeId: string) => `callscope:sfu:node:${nodeId}`,
  /** Names of rooms are the application's: of any length within their bound, and with any letters. */
  placement: (tenantId: string, roomId: string) =>
    `callscope:sfu:room:${createHash('sha256')
      .update(JSON.stringify([tenantId, roomId]))
      .digest('base64url')}`,
} as const;

/** Between two heartbeats. */
export const nodeHeartbeatMs = 1_000;
/** Without one for so long a node is unheard. */
export const nodeHeardForMs = 3_000;
/** A placement that nobody renews is forgotten after this: longer than any client tries to come back. */
export const placementMs = 60_000;
