/** All dashboards. A new one is a file of boards/ and a line here; docs, links, tests and pictures follow. */
import type { Board } from './board.ts';
import { call } from './boards/call.ts';
import { fleet } from './boards/fleet.ts';
import { join } from './boards/join.ts';
import { loop } from './boards/loop.ts';
import { pipelines } from './boards/pipelines.ts';
import { quality } from './boards/quality.ts';
import { recording } from './boards/recording.ts';
import { sfu } from './boards/sfu.ts';
import { slos } from './boards/slos.ts';
import { turn } from './boards/turn.ts';

export const boards: readonly Board[] = [
  fleet,
  slos,
  join,
  quality,
  sfu,
  turn,
  loop,
  call,
  recording,
  pipelines,
];

export const boardTitles: ReadonlyMap<string, string> = new Map(
  boards.map(({ name, title }) => [name, title]),
);
