/** How full a relay is: the part that is nearest its limit. Pure. */

export interface RelayLimits {
  /** Relayed bits per second, up and down together, that it may carry. */
  readonly capacityBps: number;
  readonly maxAllocations: number;
}

export interface RelayUse {
  readonly bitsPerSecond: number;
  readonly allocations: number;
  /** Of all the cores that it may use; undefined: not measured yet. */
  readonly cpuRatio: number | undefined;
}

export const saturation = (use: RelayUse, { capacityBps, maxAllocations }: RelayLimits): number =>
  Math.max(use.bitsPerSecond / capacityBps, use.allocations / maxAllocations, use.cpuRatio ?? 0);
