/** A relay is killed in mid-call (kill -9): how long until everything flows again, and does anybody leave. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '../session.ts';
import { flowOf, lastNote } from './flow.ts';
import { recoveredMs, stayed, urlsIn } from './gaps.ts';
import { openRoom, until } from './people.ts';
import { relaysOf, serving } from './relays.ts';
import type { KillRow } from './report.ts';

const names = ['Ana', 'Bruno', 'Chiara'];
/** Flowing for so long before: bandwidth estimates and layers have settled. */
const leadMs = 6_000;
/** Whoever has not recovered by then counts as not recovered. */
const watchedMs = 15_000;
const startLimitMs = 40_000;

export const killCostMs = 8_000 + leadMs + watchedMs;

/** @throws Error when the call does not come about */
export async function playKill(session: Session, run: number, signal: AbortSignal): Promise<KillRow> {
  const { stack } = session;
  await until(
    'two relays to serve',
    async () => serving(await relaysOf(stack)).length >= 2,
    startLimitMs,
    signal,
  );
  const room = await openRoom(session, `turn-kill-${Date.now().toString(36)}`, signal);
  try {
    await Promise.all(names.map((name) => room.join(name)));
    await room.flows();
    await sleep(leadMs, undefined, { signal });
    const urls = (await Promise.all(room.people.map(({ page }) => lastNote(page)))).map(urlsIn);
    const victim = busiest(await relaysOf(stack), urls.flat());
    const killedAtMs = Date.now();
    process.kill(victim.pid!, 'SIGKILL');
    await sleep(watchedMs, undefined, { signal });
    const people = await Promise.all(
      room.people.map(async ({ name, page }, i) => {
        const notes = await flowOf(page);
        const moved = urls[i]!.some((url) => victim.urls.includes(url));
        return {
          name,
          onIt: moved,
          recoverMs: recoveredMs(notes, killedAtMs, killedAtMs + watchedMs),
          stayed: stayed(notes, names.length - 1, killedAtMs),
        };
      }),
    );
    return { part: 'kill', run, date: new Date(killedAtMs).toISOString(), relayId: victim.relayId, people };
  } finally {
    await room.close();
  }
}

/** That most paths go over. @throws Error when none does */
function busiest(relays: Awaited<ReturnType<typeof relaysOf>>, urls: readonly string[]) {
  const counted = relays
    .map((relay) => ({ relay, paths: urls.filter((url) => relay.urls.includes(url)).length }))
    .sort((a, b) => b.paths - a.paths);
  const [first] = counted;
  if (!first || first.paths === 0 || first.relay.pid === null)
    throw new Error(`no path goes over a relay of this stack: ${urls.join(' ') || 'no paths'}`);
  return first.relay;
}
