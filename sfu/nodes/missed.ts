/** Which lost nodes are missed still. Pure. */

export interface Loss {
  readonly nodeId: string;
  /** When it was noticed, epoch ms. */
  readonly atMs: number;
  /** Ids that were known then, lost ones too: whoever is none of them came after it. */
  readonly others: ReadonlySet<string>;
}

/** One that has not come back by then was taken away for good. */
export const missedForMs = 30 * 60_000;

/**
 * A lost node is missed until it is back, another one has come in its place, or its time is over.
 * @param losses oldest first: who comes stands in for the first
 * @param living ids of all that live
 */
export function stillMissed(losses: readonly Loss[], living: readonly string[], nowMs: number): Loss[] {
  let missed = losses.filter(({ nodeId, atMs }) => !living.includes(nodeId) && nowMs - atMs < missedForMs);
  for (const id of living) {
    const replaced = missed.find(({ others }) => !others.has(id));
    if (!replaced) continue;
    // Nobody stands in for two.
    missed = missed
      .filter((loss) => loss !== replaced)
      .map((loss) => ({ ...loss, others: new Set([...loss.others, id]) }));
  }
  return missed;
}
