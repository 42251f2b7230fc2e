/** How far the lab is, in one line: a bar, what is played, and how long the rest takes. */
import type { Screen } from '../runtime/demo/screen.ts';

export interface Progress {
  begin(what: string): void;
  /** @param costMs what the run was expected to take; the rest is scaled by what it took */
  end(costMs: number): void;
  close(): void;
}

const barWidth = 24;
const everyMs = 1_000;

/** @param totalMs expected of all that is to be played */
export function createProgress(
  screen: Screen,
  runs: number,
  totalMs: number,
  now: () => number = Date.now,
): Progress {
  const begunMs = now();
  let [doneRuns, doneCostMs, doneElapsedMs] = [0, 0, 0];
  let playing = '';
  const show = () => {
    const text = progressText({
      runs,
      doneRuns,
      doneCostMs,
      doneElapsedMs,
      totalMs,
      elapsedMs: now() - begunMs,
      playing,
      width: screen.width,
    });
    screen.draw([{ text, tone: 'plain' }]);
  };
  const timer = setInterval(show, everyMs);
  timer.unref();
  return {
    begin(what) {
      playing = what;
      show();
    },
    end(costMs) {
      doneRuns++;
      doneCostMs += costMs;
      doneElapsedMs = now() - begunMs;
      show();
    },
    close() {
      clearInterval(timer);
      screen.draw([]);
      screen.settle();
    },
  };
}

export interface ProgressState {
  runs: number;
  doneRuns: number;
  doneCostMs: number;
  /** When the last run ended; what has passed since belongs to the one being played. */
  doneElapsedMs: number;
  totalMs: number;
  elapsedMs: number;
  playing: string;
  width: number;
}

export function progressText({
  runs,
  doneRuns,
  doneCostMs,
  doneElapsedMs,
  totalMs,
  elapsedMs,
  playing,
  width,
}: ProgressState): string {
  const share = totalMs > 0 ? Math.min(1, doneCostMs / totalMs) : 1;
  const filled = Math.round(share * barWidth);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}`;
  const pace = doneCostMs > 0 ? doneElapsedMs / doneCostMs : 1;
  const leftMs = Math.max(0, (totalMs - doneCostMs) * pace - (elapsedMs - doneElapsedMs));
  const text = `${bar} ${doneRuns}/${runs}  ${minutes(leftMs)} left  ${playing}`;
  return text.slice(0, Math.max(20, width - 1));
}

/** `3:07` */
export function minutes(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
