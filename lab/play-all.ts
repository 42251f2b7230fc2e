/** Plays runs one after the other in sessions of one kind; a run that breaks is tried once more in a fresh one. */
import type { Screen } from '../runtime/demo/screen.ts';
import type { LoopMode } from '../telemetry/loop.ts';
import { castOf, expectedMs, type RunSpec } from './play.ts';
import { createProgress, type Progress } from './progress.ts';
import { type Session, startSession } from './session.ts';
import { createSessions } from './sessions.ts';

export interface Playing<Row> {
  /** The stack's. */
  readonly dataDir: string;
  readonly loop: LoopMode;
  readonly screen: Screen;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly nameOf: (spec: RunSpec) => string;
  readonly play: (session: Session, spec: RunSpec) => Promise<Row>;
  readonly onRow: (row: Row, spec: RunSpec) => void;
}

/** What a run is expected to take, ms. */
const costOf = (spec: RunSpec): number =>
  expectedMs(spec.family.plan(spec.severity, castOf(spec)), spec.tailMs);

export const progressOf = (screen: Screen, due: readonly RunSpec[]): Progress =>
  createProgress(
    screen,
    due.length,
    due.reduce((sum, spec) => sum + costOf(spec), 0),
  );

/** @returns the runs that did not come about */
export async function playAll<Row>(due: readonly RunSpec[], playing: Playing<Row>): Promise<RunSpec[]> {
  const { dataDir, loop, screen, progress, signal, nameOf, play, onRow } = playing;
  if (due.length === 0) return [];
  const sessions = createSessions(() =>
    startSession({ dataDir, loop, log: (text) => screen.print(`  ${text}`, 'dim'), signal }),
  );
  const left = new Set(due);
  try {
    for (const spec of due) {
      progress.begin(nameOf(spec));
      const row = await sessions.withRetry(
        (session) => play(session, spec),
        (error) => {
          if (signal.aborted) return;
          screen.print(`${nameOf(spec)}: ${error instanceof Error ? error.message : String(error)}`, 'warn');
        },
        signal,
      );
      if (signal.aborted) break;
      if (row) {
        left.delete(spec);
        onRow(row, spec);
      }
      progress.end(costOf(spec));
    }
  } finally {
    await sessions.close();
  }
  return [...left];
}
