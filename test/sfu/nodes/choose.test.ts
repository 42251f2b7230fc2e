import { expect, test } from 'vitest';
import { chooseNode } from '../../../sfu/nodes/choose.ts';
import type { NodeHeartbeat } from '../../../telemetry/media-nodes.ts';

const node = (nodeId: string, load: number, more: Partial<NodeHeartbeat> = {}): NodeHeartbeat => ({
  nodeId,
  region: 'eu',
  origins: [`https://${nodeId}.example`],
  state: 'serving',
  startedMs: 1,
  load,
  ...more,
});
const asked = { nodeId: 'a', region: 'eu' };

test.each<[string, NodeHeartbeat[], string | null]>([
  ['the one that was asked, when all are idle', [node('b', 0), node('a', 0)], 'a'],
  ['the one that was asked, when it is hardly fuller', [node('a', 0.35), node('b', 0.3)], 'a'],
  ['another that is noticeably freer', [node('a', 0.5), node('b', 0.3), node('c', 0.2)], 'c'],
  ['one of the region before a freer one elsewhere', [node('a', 0.9), node('b', 0, { region: 'us' })], 'a'],
  [
    'one elsewhere, when the region has none that serves',
    [node('a', 0, { state: 'draining' }), node('b', 0.9, { region: 'us' })],
    'b',
  ],
  ['none, when none serves', [node('a', 0, { state: 'draining' })], null],
])('a new call goes to %s', (_, nodes, expected) => {
  expect(chooseNode(nodes, asked)?.nodeId ?? null).toBe(expected);
});
