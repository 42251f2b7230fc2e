/** Which node takes a new call. Pure. */
import type { NodeHeartbeat } from '../../telemetry/media-nodes.ts';

/** Less than this difference in load is none: a call stays where its first participant asked. */
const noticeableLoad = 0.1;

/**
 * Of those that serve: the asked one's region before others, then the least loaded, the asked one itself unless another
 * is noticeably freer.
 *
 * @param nodes those that live
 * @param asked the node that was asked, and its region
 * @returns null when none serves
 */
export function chooseNode(
  nodes: readonly NodeHeartbeat[],
  asked: Pick<NodeHeartbeat, 'nodeId' | 'region'>,
): NodeHeartbeat | null {
  const serving = nodes.filter(({ state }) => state === 'serving');
  const near = serving.filter(({ region }) => region === asked.region);
  const [first = null] = (near.length > 0 ? near : serving).toSorted(
    (a, b) => costOf(a) - costOf(b) || a.nodeId.localeCompare(b.nodeId),
  );
  return first;

  function costOf({ nodeId, load }: NodeHeartbeat): number {
    return nodeId === asked.nodeId ? load - noticeableLoad : load;
  }
}
