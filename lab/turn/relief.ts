/**
 * Load grows, person by person, until the only relay is full: how long until another is there and new calls go to it.
 * What is full is told by the clients' own byte counts, not by what the relay says of itself. Then all leave, and the
 * fleet has to shrink to one again by itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
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
/** Between two people who come. */
const betweenMs = 4_000;
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
const averagedMs = 1_500;

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
    const growing = crowd.grow();
    growing.catch(() => {});
    const fullAtMs = await until(
      'the relay to be full',
      async () => {
        await look();
        return (await isFull()) && Date.now();
      },
      fullLimitMs,
      signal,
    );
    const relay = await until('another relay', look, reliefLimitMs, signal);
    const givenAtMs = await until(
      'new calls to be given the other relay',
      async () => relay.urls.includes((await relaysGiven(stack, crowd.link))[0] ?? '') && Date.now(),
      reliefLimitMs,
      signal,
      200,
    );
    crowd.enough();
    await growing;
    const newcomer = await crowd.join();
    const used = await until(
      'the next person’s media to flow',
      async () => {
        const urls = urlsIn(await lastNote(newcomer.page));
        return urls.length >= 1 && urls;
      },
      20_000,
      signal,
    );
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
      secondMs: secondAtMs! - fullAtMs,
      reliefMs: Math.max(0, givenAtMs - fullAtMs),
      newcomerOnIt: used.every((url) => relay.urls.includes(url)),
      shrunkAfterMs: shrunk ? Date.now() - leftAtMs : null,
    };
  } finally {
    await crowd.close();
  }
}

/** People in rooms of two, who come one after the other. */
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
  const join = async () => {
    const room = rooms.find((one) => one.people.length < perRoom) ?? (await openNext());
    return room.join(`P${people().length + 1}`);
  };
  return {
    link,
    join,
    get size() {
      return people().length;
    },
    enough: () => {
      enough = true;
    },
    async grow() {
      while (!enough && people().length < mostPeople) {
        await join();
        await sleep(betweenMs, undefined, { signal });
      }
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
