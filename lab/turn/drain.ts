/**
 * The fleet has a relay more than it needs, and calls on every one of them: the scaler drains one by itself. Nobody's
 * call may be cut, nobody new may be given it, and it ends only once it is empty.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { FleetBook } from '../../pipelines/fleet/FleetBook.ts';
import { freshState } from '../../pipelines/fleet/view.ts';
import { noMemory } from '../../quality/fleet/fleet.ts';
import type { Session } from '../session.ts';
import { flowOf, lastNote } from './flow.ts';
import { gapsOf, longMs, stayed, urlsIn } from './gaps.ts';
import { openRoom, until } from './people.ts';
import { order, type RelaySeen, relaysOf, serving } from './relays.ts';
import type { DrainRow } from './report.ts';

const names = ['Ana', 'Bruno', 'Chiara'];
const newcomer = 'Dario';
/** One more than the least that the fleet keeps. */
const relays = 3;
/** The call goes on over the draining relay for so long. */
const watchedMs = 15_000;

export const drainEnv = {
  CALLSCOPE_TURN_RELAYS: String(relays),
  CALLSCOPE_FLEET_MIN_RELAYS: String(relays - 1),
  // Long enough for a call to come about first.
  CALLSCOPE_FLEET_COOL_DOWN_SECONDS: '30',
  CALLSCOPE_FLEET_DRAINED_SECONDS: '5',
};
const startLimitMs = 40_000;
const drainLimitMs = 90_000;
const emptyLimitMs = 60_000;

export const drainCostMs = 60_000 + watchedMs;

/** @throws Error when the call does not come about, or nothing is drained */
export async function playDrain(session: Session, run: number, signal: AbortSignal): Promise<DrainRow> {
  const { stack } = session;
  await threeServe(stack, signal);
  const room = await openRoom(session, `turn-drain-${Date.now().toString(36)}`, signal);
  try {
    // One after the other: each is given the emptiest, so that all relays come to be used.
    for (const name of names) await room.join(name);
    await room.flows();
    const drained = await until('the scaler to drain a relay', () => draining(stack), drainLimitMs, signal);
    const drainedAtMs = Date.now();
    const paths = (await Promise.all(room.people.map(({ page }) => lastNote(page)))).flatMap(urlsIn);
    const on = (urls: readonly string[]) => urls.filter((url) => drained.urls.includes(url)).length;
    await sleep(watchedMs, undefined, { signal });
    const endAtMs = Date.now();
    const people = await Promise.all(
      room.people.map(async ({ name, page }) => {
        const notes = await flowOf(page);
        const gaps = gapsOf(notes, drainedAtMs, endAtMs, longMs);
        return {
          name,
          gaps: gaps.map(({ stream, fromMs, untilMs }) => ({
            stream,
            fromMs: fromMs - drainedAtMs,
            lastsMs: (untilMs ?? endAtMs) - fromMs,
          })),
          stayed: stayed(notes, names.length - 1, drainedAtMs),
        };
      }),
    );
    // After the others were looked at: a page that loads makes a small machine's pictures stand.
    const late = await room.join(newcomer);
    await room.flows();
    const newcomerOnIt = on(urlsIn(await lastNote(late.page)));
    const keptWhileUsed = (await relaysOf(stack)).some(({ relayId }) => relayId === drained.relayId);
    await room.close();
    const leftAtMs = Date.now();
    const ended = await until(
      'the drained relay to end',
      async () => !(await relaysOf(stack)).some(({ relayId }) => relayId === drained.relayId),
      emptyLimitMs,
      signal,
    ).catch((error: unknown) => {
      if (signal.aborted) throw error;
      return false;
    });
    return {
      part: 'drain',
      run,
      date: new Date(drainedAtMs).toISOString(),
      relayId: drained.relayId,
      pathsOnIt: on(paths),
      newcomerOnIt,
      keptWhileUsed,
      people,
      endedAfterMs: ended ? Date.now() - leftAtMs : null,
    };
  } finally {
    await room.close();
  }
}

/** With a scaler that remembers nothing: it then shrinks after a whole cool-down only. */
async function threeServe(stack: Session['stack'], signal: AbortSignal): Promise<void> {
  const book = new FleetBook(stack.urls.redis);
  try {
    const forgotten = () =>
      book.keep('', freshState(noMemory)).then(
        () => true,
        () => false,
      );
    // Its connection is being made.
    await until('the scaler to forget', forgotten, startLimitMs, signal);
    const missing = relays - serving(await relaysOf(stack)).length;
    if (missing > 0) await order(stack, { start: missing });
    const all = async () => serving(await relaysOf(stack)).length >= relays;
    await until('all relays to serve', all, startLimitMs, signal);
    await book.keep('', freshState(noMemory));
  } finally {
    book.close();
  }
}

async function draining(stack: Session['stack']): Promise<RelaySeen | undefined> {
  return (await relaysOf(stack)).find(({ state, healthy }) => state === 'draining' && healthy);
}
