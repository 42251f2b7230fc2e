/**
 * Watches in a participant's page whether sound and picture of all the others arrive, from packet to packet and frame to
 * frame, at little cost: the receivers' synchronisation sources instead of statistics.
 *
 * `watchFlow` travels to the browser as text: it must not refer to anything outside itself.
 */
import type { Page } from 'playwright-core';
import type { LabPage } from '../participants/detour.ts';

/** The page's record: for each look the newest moment that every flow had reached by then, epoch ms as `timestamp` of W3C RTCRtpContributingSource. */
interface FlowPage extends LabPage {
  callscopeFlow: { atMs: number; audioMs: number[]; videoMs: number[] }[];
}

const lookMs = 50;
/** Opus sends a packet every 400 ms while nobody speaks (DTX), the lab's camera a frame every 125 ms. */
const staleMs = { audio: 900, video: 900 };

/** Runs in the page. */
function watchFlow(everyMs: number): void {
  const page = window as unknown as FlowPage;
  if (page.callscopeFlow) return;
  page.callscopeFlow = [];
  setInterval(() => {
    const audioMs: number[] = [];
    const videoMs: number[] = [];
    for (const connection of page.callscopeLab.connections) {
      if (connection.connectionState === 'closed') continue;
      for (const receiver of connection.getReceivers()) {
        const [source] = receiver.getSynchronizationSources();
        if (!source) continue;
        (receiver.track.kind === 'audio' ? audioMs : videoMs).push(source.timestamp);
      }
    }
    page.callscopeFlow.push({ atMs: Date.now(), audioMs, videoMs });
    if (page.callscopeFlow.length > 4_000) page.callscopeFlow.shift();
  }, everyMs);
}

export type FlowLook = FlowPage['callscopeFlow'][number];

export const startFlow = (page: Page): Promise<void> => page.evaluate(watchFlow, lookMs);

export const readFlow = (page: Page): Promise<FlowLook[]> =>
  page.evaluate(() => (window as unknown as FlowPage).callscopeFlow);

/** Whether so many others are heard and seen at that look by what came after `sinceMs`. */
function flows({ atMs, audioMs, videoMs }: FlowLook, others: number, sinceMs: number): boolean {
  const fresh = (times: number[], limitMs: number) =>
    times.filter((time) => time > sinceMs && time > atMs - limitMs).length;
  return fresh(audioMs, staleMs.audio) >= others && fresh(videoMs, staleMs.video) >= others;
}

export interface Interruption {
  /** The longest time without something new of somebody, ms. */
  readonly gapMs: number;
  /** From the fault until everybody is heard and seen again for good, ms; null: not by the last look. */
  readonly backMs: number | null;
}

/** What was on its way when something died still arrives. */
const inFlightMs = 150;

/**
 * @param others how many there are to hear and see
 * @param faultAtMs epoch ms
 */
export function interruptionOf(looks: readonly FlowLook[], others: number, faultAtMs: number): Interruption {
  const after = looks.filter(({ atMs }) => atMs >= faultAtMs);
  const down = after.findLastIndex((look) => !flows(look, others, faultAtMs + inFlightMs));
  const back = after[down + 1];
  let gapMs = 0;
  for (const look of after) {
    // The flow that is furthest behind, among the newest of each kind that there are to be.
    for (const times of [look.audioMs, look.videoMs]) {
      const newest = [...times].sort((a, b) => b - a)[others - 1];
      gapMs = Math.max(gapMs, look.atMs - (newest ?? faultAtMs));
    }
  }
  return { gapMs: Math.round(gapMs), backMs: back ? Math.round(back.atMs - faultAtMs) : null };
}
