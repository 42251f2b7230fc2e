/** What a network path can do to packets: the settings of one direction, their ranges, and the clean path. */
import { z } from 'zod';

const ratio = z.number().min(0).max(1);
const milliseconds = z.number().min(0).max(60_000);

/** Bytes that IPv4 and UDP add to each payload; a bottleneck carries them too. */
export const headerBytes = 28;

export const linkSettingsSchema = z.strictObject({
  /** Propagation delay of this direction, after the bottleneck. */
  delayMs: milliseconds,
  /** Each packet's delay is uniform in delayMs ± jitterMs, never below 0. */
  jitterMs: milliseconds,
  /** Whether jitter may let a packet overtake another; where false, packets keep their order as in a queue. */
  jitterReorders: z.boolean(),
  /** Independent loss of each packet. */
  lossRatio: ratio,
  /**
   * Gilbert-Elliott: a good and a bad state with their own loss. Mean loss is
   * (r·goodLoss + p·badLoss) / (p + r), mean stay in the bad state 1/r packets.
   */
  burstLoss: z
    .strictObject({
      /** Chance, per packet, to go from good to bad. */
      p: ratio,
      /** Chance, per packet, to come back. */
      r: ratio,
      goodLoss: ratio.default(0),
      badLoss: ratio.default(1),
    })
    .nullable(),
  /** A bottleneck: token bucket with a drop-tail queue in front. Counts payload and `headerBytes`. */
  bandwidth: z
    .strictObject({
      bitrateBps: z.number().min(1000).max(10_000_000_000),
      /** What may pass at once after idling; 0 makes a serial line, on which every packet takes its time. */
      burstBytes: z.number().min(0).max(10_000_000).default(0),
      /** The queue holds this much time at most; a packet that would wait longer is dropped. */
      queueMs: milliseconds.default(250),
      /** The queue holds this many bytes at most. @default no bound of its own */
      queueBytes: z.number().min(0).default(Number.MAX_SAFE_INTEGER),
    })
    .nullable(),
  /** Packets that arrive twice. */
  duplicateRatio: ratio,
  /** Packets that are held back by `reorderByMs`, so that later ones overtake them. */
  reorderRatio: ratio,
  reorderByMs: milliseconds,
  /** Nothing passes. */
  cutOff: z.boolean(),
});

export type LinkSettings = z.infer<typeof linkSettingsSchema>;
export type LinkChange = Partial<z.input<typeof linkSettingsSchema>>;

export const cleanLink: LinkSettings = {
  delayMs: 0,
  jitterMs: 0,
  jitterReorders: false,
  lossRatio: 0,
  burstLoss: null,
  bandwidth: null,
  duplicateRatio: 0,
  reorderRatio: 0,
  reorderByMs: 0,
  cutOff: false,
};

/**
 * The settings after a change; what the change does not name stays as it is.
 * @throws ZodError that names the setting out of range or unknown
 */
export function changedLink(current: LinkSettings, change: LinkChange): LinkSettings {
  return linkSettingsSchema.parse({ ...current, ...change });
}
