/** People who reach their call by relay only, by whichever the service gives them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { joinCall, type Participant } from '../participants/participant.ts';
import type { Session } from '../session.ts';
import { watchFlow } from './flow.ts';

const flowLimitMs = 30_000;

export interface Room {
  readonly link: string;
  readonly people: readonly Participant[];
  /** One more comes. @throws Error when the person cannot join */
  join(name: string): Promise<Participant>;
  /** Resolves once everybody gets everybody's picture and sound. @throws Error who lacks what, after 30 s */
  flows(): Promise<void>;
  /** All leave by the button, which ends their allocations, and their pages close. */
  close(): Promise<void>;
}

export async function openRoom({ stack, browser }: Session, id: string, signal: AbortSignal): Promise<Room> {
  const link = await stack.invite(id);
  const people: Participant[] = [];
  return {
    link,
    people,
    async join(name) {
      const person = await joinCall({ browser, link, name, signal, relay: 'given' });
      people.push(person);
      await Promise.all([person.lookAway(), watchFlow(person.page)]);
      return person;
    },
    async flows() {
      const others = people.length - 1;
      const deadline = Date.now() + flowLimitMs;
      for (;;) {
        const received = await Promise.all(people.map((person) => person.received()));
        const lacking = people.filter((_, i) => {
          const { videoStreams, audioStreams, leastFramesDecoded, leastAudioBytes } = received[i]!;
          const all = videoStreams >= others && audioStreams >= others;
          return others > 0 && !(all && leastFramesDecoded >= 5 && leastAudioBytes >= 500);
        });
        if (lacking.length === 0) return;
        if (Date.now() > deadline) {
          const names = lacking.map(({ name }) => name).join(', ');
          throw new Error(`media does not flow after ${flowLimitMs / 1000} s: at ${names}`);
        }
        await sleep(200, undefined, { signal });
      }
    },
    async close() {
      const leaving = people.splice(0);
      await Promise.allSettled(leaving.map((person) => person.leave()));
      await Promise.allSettled(leaving.map((person) => person.close()));
    },
  };
}

/** @returns what `check` found. @throws Error after the limit */
export async function until<T>(
  what: string,
  check: () => Promise<T | undefined | false> | T | undefined | false,
  limitMs: number,
  signal: AbortSignal,
  everyMs = 100,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${limitMs / 1000} s`);
    await sleep(everyMs, undefined, { signal });
  }
}
