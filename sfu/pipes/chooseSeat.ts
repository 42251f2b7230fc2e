/** On which node of a call whoever comes to it is to sit. Pure. */
import type { NodeHeartbeat } from '../../telemetry/media-nodes.ts';
import { chooseNode } from '../nodes/choose.ts';

type NodeIn = Pick<NodeHeartbeat, 'nodeId' | 'region'>;

export interface SeatQuestion {
  /** The node that has the call. */
  readonly home: NodeIn;
  /** The one that was asked. */
  readonly asked: NodeIn;
  /** Other nodes that live. */
  readonly others: readonly NodeHeartbeat[];
  /** How many of the call sit on a node, or are on their way there. */
  readonly taken: ReadonlyMap<string, number>;
  /** As many of a call as a node is to have; null: as come. */
  readonly participantsPerNode: number | null;
  /** Whether people sit in the region where they asked. */
  readonly byRegion: boolean;
}

/**
 * At home, unless that has its share, or another region was asked. Elsewhere rather where the call has a part already:
 * each more costs the home every stream once more. Where no other node can take anybody, home does, whatever its share.
 */
export function chooseSeat({
  home,
  asked,
  others,
  taken,
  participantsPerNode,
  byRegion,
}: SeatQuestion): string {
  const isFree = ({ nodeId }: Pick<NodeIn, 'nodeId'>) =>
    participantsPerNode === null || (taken.get(nodeId) ?? 0) < participantsPerNode;
  const free = others.filter((node) => node.nodeId !== home.nodeId && isFree(node));
  const best = (nodes: readonly NodeHeartbeat[]) =>
    chooseNode(
      nodes.filter(({ nodeId }) => taken.has(nodeId)),
      asked,
    ) ?? chooseNode(nodes, asked);
  const near =
    byRegion && asked.region !== home.region
      ? best(free.filter(({ region }) => region === asked.region))
      : null;
  if (near) return near.nodeId;
  return isFree(home) ? home.nodeId : (best(free)?.nodeId ?? home.nodeId);
}
