/** Reads the call’s records every three seconds and shows them: in place on a terminal, elsewhere line by line. */
import type { Marks } from './marks.ts';
import type { CallReader } from './records.ts';
import { startOfCall } from './report.ts';
import type { Screen } from './screen.ts';
import { clock } from './table.ts';
import { timeline } from './timeline.ts';
import { eventText, type LiveState, liveView, standingsOf, standingText } from './view.ts';

export interface WatchOptions {
  reader: CallReader;
  /** Looked at anew every time. */
  marks: Marks;
  plan: LiveState['plan'];
  screen: Screen;
  joinAddress: string;
}

export interface Watch {
  /** Resolves when nothing more will be drawn. */
  stop(): Promise<void>;
}

/** Each look is five queries on a machine that is short of CPU; what is scored changes every five seconds anyway. */
const everyMs = 3_000;
/** The newest score is 7 to 13 s old; older ones say nothing about now. */
const scoresOfMs = 20_000;
/** Where lines stay, how each participant fares is told this often. */
const standingsEveryMs = 10_000;

export function watch({ reader, marks, plan, screen, joinAddress }: WatchOptions): Watch {
  const told = new Set<string>();
  let standingsAtMs = Date.now();
  let stopped = false;
  let broken = '';
  let timer: NodeJS.Timeout | undefined;

  async function look(): Promise<void> {
    const nowMs = Date.now();
    const records = await reader.read(nowMs - scoresOfMs);
    if (stopped) return;
    const state: LiveState = {
      nowMs,
      startMs: startOfCall(marks, records),
      marks,
      standings: standingsOf(marks, records),
      timeline: timeline(marks, records),
      joinAddress,
      plan,
    };
    if (screen.inPlace) screen.draw(liveView(state, screen.width, screen.height));
    else tell(state);
  }

  function tell({ nowMs, startMs, standings, timeline: entries }: LiveState) {
    for (const entry of entries) {
      if (told.has(entry.key)) continue;
      told.add(entry.key);
      screen.print(eventText(entry, startMs));
    }
    if (nowMs - standingsAtMs < standingsEveryMs) return;
    standingsAtMs = nowMs;
    for (const standing of standings) screen.print(`${clock(nowMs - startMs)}  ${standingText(standing)}`);
  }

  let looking: Promise<void> = Promise.resolve();
  const turn = () => {
    looking = look()
      .then(() => {
        broken = '';
      })
      .catch((error: unknown) => {
        // The call goes on without its records; said once, not every second.
        const said = error instanceof Error ? error.message : String(error);
        if (!stopped && said !== broken) screen.print(`the records cannot be read: ${said}`, 'warn');
        broken = said;
      })
      .finally(() => {
        if (!stopped) timer = setTimeout(turn, everyMs);
      });
  };
  turn();

  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await looking;
      screen.settle();
    },
  };
}
