/** A call of three for a failure scenario: real pages, whose media is watched from look to look. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import type { JoinAnswer } from '../../telemetry/signaling.ts';
import { joinCall, type Participant } from '../participants/participant.ts';
import { type Interruption, interruptionOf, readFlow, startFlow } from './flow.ts';

const names = ['Ana', 'Bruno', 'Chiara'];
const flowLimitMs = 40_000;
/** Encoders ramp up, the detectors get to know the call. */
const leadMs = 6_000;

export interface WatchedCall {
  readonly people: readonly Participant[];
  /** All that it was so far: coming back anew may begin another. */
  callIds(): string[];
  /**
   * Waits until everybody is heard and seen again and stays so.
   * @returns how it was for each, until `limitMs` after the fault at the latest
   */
  afterFault(faultAtMs: number, limitMs: number): Promise<Interruption[]>;
  /** How it was for each within that time after the fault. */
  watch(faultAtMs: number, forMs: number): Promise<Interruption[]>;
  /** Whether each one's page has its connection to the server. */
  connected(): Promise<boolean[]>;
  close(): Promise<void>;
}

/** So long all must stay well before it counts as over. */
const steadyMs = 2_500;

/** @throws Error when somebody cannot join, or media does not flow */
export async function openWatchedCall(
  browser: Browser,
  link: string,
  signal: AbortSignal,
): Promise<WatchedCall> {
  const people: Participant[] = [];
  const callIds = new Set<string>();
  const close = async () => {
    await Promise.allSettled(people.map((one) => one.leave().catch(() => {})));
    await Promise.allSettled(people.map((one) => one.close()));
  };
  const others = names.length - 1;
  const interruptions = (faultAtMs: number) =>
    Promise.all(people.map(async ({ page }) => interruptionOf(await readFlow(page), others, faultAtMs)));
  try {
    for (const name of names) {
      const one = await joinCall({ browser, link, name, signal });
      people.push(one);
      callIds.add(one.callId);
      one.page.on('response', async (response) => {
        if (new URL(response.url()).pathname !== '/api/v1/join' || !response.ok()) return;
        const answer = (await response.json().catch(() => null)) as JoinAnswer | null;
        if (answer) callIds.add(answer.callId);
      });
    }
    const joinedAtMs = Date.now();
    await Promise.all(people.map(({ page }) => startFlow(page)));
    for (;;) {
      await sleep(300, undefined, { signal });
      if ((await interruptions(joinedAtMs)).every(({ backMs }) => backMs !== null)) break;
      if (Date.now() - joinedAtMs > flowLimitMs) throw new Error('media does not flow');
    }
    await Promise.all(people.map((one) => one.lookAway()));
    await sleep(leadMs, undefined, { signal });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    people,
    callIds: () => [...callIds],
    close,
    async watch(faultAtMs, forMs) {
      await sleep(Math.max(0, faultAtMs + forMs - Date.now()), undefined, { signal });
      return interruptions(faultAtMs);
    },
    connected: () => Promise.all(people.map(({ page }) => page.locator('.banner.lost').isHidden())),
    async afterFault(faultAtMs, limitMs) {
      for (;;) {
        await sleep(250, undefined, { signal });
        const now = await interruptions(faultAtMs);
        const steady = now.every(
          ({ backMs }) => backMs !== null && Date.now() - (faultAtMs + backMs) > steadyMs,
        );
        if (steady || Date.now() - faultAtMs > limitMs) return now;
      }
    },
  };
}
