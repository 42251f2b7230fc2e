/**
 * Before a node stops: its calls are given to others, and its clients told. Everything here goes on meanwhile, so that
 * they can be there before they are gone from here.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../telemetry/service/service.ts';
import type { Rooms } from '../Rooms.ts';
import type { Nodes } from './Nodes.ts';

/** Whoever has not gone by then is shown out: a stop takes 15 s at most, the last events included. */
const limitMs = 10_000;
const lookMs = 100;

export async function drain(nodes: Nodes, rooms: Rooms, log: Logger): Promise<void> {
  if (present(rooms) === 0 || !(await nodes.handOver())) return;
  log.info({ participants: present(rooms) }, 'draining');
  for (const { room } of rooms.calls) room?.broadcast('nodeLeaving', {});
  const deadline = performance.now() + limitMs;
  while (present(rooms) > 0 && performance.now() < deadline) await delay(lookMs);
  log.info({ left: present(rooms) }, 'drained');
}

const present = (rooms: Rooms): number =>
  rooms.calls.reduce((sum, { room }) => sum + (room?.present ?? 0), 0);
