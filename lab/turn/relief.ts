/**
 * A wave of people comes until the only relay is full: how long until another is there and new calls go to it.
 * What is full is told by the clients' own byte counts, not by what the relay says of itself. Then all leave, and the
 * fleet has to shrink to one again by itself.
 */
import type { Session } from '../session.ts';
import { flowOf, lastNote } from './flow.ts';
import { relayedBps, urlsIn } from './gaps.ts';
import { openRoom, type Room, until } from './people.ts';
import { relaysGiven, relaysOf, serving } from './relays.ts';
import type { ReliefRow } from './report.ts';

/** Two people in a call take about 1.5 Mbit/s of a relay, both ways together. */
const capacityMbps = 2;
/** From there on it counts as full, as in quality/fleet/settings.ts. */
const fullShare = 0.9;
const mostPeople = 5;
const perRoom = 2;

export const reliefEnv = {
  CALLSCOPE_TURN_RELAYS: '1',
  CALLSCOPE_TURN_CAPACITY_MBPS: String(capacityMbps),
  CALLSCOPE_FLEET_MIN_RELAYS: '1',
  CALLSCOPE_FLEET_SPARE_RELAYS: '0',
  CALLSCOPE_FLEET_COOL_DOWN_SECONDS: '20',
  CALLSCOPE_FLEET_DRAINED_SECONDS: '5',
};
const fullLimitMs = 60_000;
const reliefLimitMs = 60_000;
const shrinkLimitMs = 120_000;
const movedLimitMs = 10_000;
const averagedMs = 1_500;
/** Bandwidth estimates of the last who came have grown by then. */
const settledMs = 10_000;

export const reliefCostMs = 90_000;

/** @throws Error when the relay does not become full, or no other comes */
export async function playRelief(session: Session, run: number, signal: AbortSignal): Promise<ReliefRow> {
  const { stack } = session;
  await until(
    'one relay, all others gone',
    async () => (await relaysOf(stack)).length === 1,
    shrinkLimitMs,
    signal,
  );
  const [first] = await relaysOf(stack);
  const crowd = await openCrowd(session, run, signal);
  try {
    const isFull = async () => (await crowd.relayedBps(first!.urls)) >= fullShare * capacityMbps * 1e6;
    let second: { relayId: string; urls: readonly string[] } | undefined;
    let secondAtMs: number | undefined;
    const look = async () => {
      if (second) return second;
      second = serving(await relaysOf(stack)).find(({ relayId }) => relayId !== first!.relayId);
      if (second) secondAtMs = Date.now();
      return second;
    };
    let grownAtMs: number | undefined;
    const growing = crowd.grow().then(() => {
      grownAtMs = Date.now();
    });
    growing.catch(() => {});
    // With another there in time, those who came went to it, and this one does not become full at all.
    const spared = () =>
      second !== undefined && grownAtMs !== undefined && Date.now() - grownAtMs > settledMs;
    const { fullAtMs, full } = await until(
      'the relay to be full, or others to be there before',
      async () => {
        await look();
        const full = await isFull();
        return (full || spared()) && { fullAtMs: Date.now(), full };
      },
      fullLimitMs,
      signal,
    );
    await until('another relay', look, reliefLimitMs, signal);
    const givenAtMs = await until(
      'new calls to be given another relay',
      async () => !first!.urls.includes((await relaysGiven(stack, crowd.link))[0]!) && Date.now(),
      reliefLimitMs,
      signal,
      200,
    );
    crowd.enough();
    await growing;
    const newcomer = await crowd.join();
    // The first path that works is taken, the best one a moment later.
    const moved = await until(
      'the next person to be on a relay with room',
      async () => {
        const urls = urlsIn(await lastNote(newcomer.page));
        const onFirst = urls.some((url) => first!.urls.includes(url));
        return urls.length > 0 && (!onFirst || !(await isFull()));
      },
      movedLimitMs,
      signal,
    ).catch((error: unknown) => {
      if (signal.aborted) throw error;
      return false;
    });
    const people = crowd.size;
    await crowd.close();
    const leftAtMs = Date.now();
    const shrunk = await until(
      'the fleet to shrink',
      async () => (await relaysOf(stack)).length === 1,
      shrinkLimitMs,
      signal,
    ).catch((error: unknown) => {
      if (signal.aborted) throw error;
      return false;
    });
    return {
      part: 'relief',
      run,
      date: new Date(fullAtMs).toISOString(),
      people,
      full,
      secondMs: secondAtMs! - fullAtMs,
      reliefMs: full ? Math.max(0, givenAtMs - fullAtMs) : 0,
      newcomerOnIt: moved,
      shrunkAfterMs: shrunk ? Date.now() - leftAtMs : null,
    };
  } finally {
    await crowd.close();
  }
}

/** A wave of people in rooms of two: both of a room come at once, and one room after the other. */
async function openCrowd(session: Session, run: number, signal: AbortSignal) {
  const rooms: Room[] = [];
  let enough = false;
  const people = () => rooms.flatMap((room) => room.people);
  const openNext = async () => {
    const room = await openRoom(
      session,
      `turn-relief-${run}-${rooms.length}-${Date.now().toString(36)}`,
      signal,
    );
    rooms.push(room);
    return room;
  };
  const { link } = await openNext();
  let named = 0;
  const come = async (most: number) => {
    const room = rooms.find((one) => one.people.length < perRoom) ?? (await openNext());
    const count = Math.min(most, perRoom - room.people.length);
    return Promise.all(Array.from({ length: count }, () => room.join(`P${++named}`)));
  };
  return {
    link,
    join: async () => (await come(1))[0]!,
    get size() {
      return people().length;
    },
    enough: () => {
      enough = true;
    },
    async grow() {
      while (!enough && people().length < mostPeople) await come(mostPeople - people().length);
    },
    async relayedBps(urls: readonly string[]) {
      const notes = await Promise.all(people().map(({ page }) => flowOf(page, 2 + averagedMs / 100)));
      return notes.reduce((sum, of) => sum + relayedBps(of, urls, averagedMs), 0);
    },
    close: async () => {
      enough = true;
      await Promise.all(rooms.map((room) => room.close()));
    },
  };
}
