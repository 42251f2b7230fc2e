/** Reading a V8 CPU profile (Chrome DevTools Protocol, `Profiler.Profile`). */

export interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly url: string };
    readonly children?: readonly number[];
  }[];
  readonly samples?: readonly number[];
  /** Microseconds between samples. */
  readonly timeDeltas?: readonly number[];
}

/**
 * Milliseconds in samples that have a frame of the script anywhere on their stack, native calls included. A sample
 * counts for at most two intervals: a longer gap means that the thread did not run.
 */
export function timeInScript(
  { nodes, samples = [], timeDeltas = [] }: Profile,
  urlEnd: string,
  intervalUs: number,
): number {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const inside = new Set<number>();
  const mark = (id: number) => {
    if (inside.has(id)) return;
    inside.add(id);
    byId.get(id)?.children?.forEach(mark);
  };
  for (const node of nodes) if (node.callFrame.url.endsWith(urlEnd)) mark(node.id);
  let us = 0;
  samples.forEach((id, i) => {
    const lastedUs = Math.max(timeDeltas[i + 1] ?? 0, 0);
    if (inside.has(id)) us += Math.min(lastedUs, 2 * intervalUs);
  });
  return us / 1000;
}
