/**
 * People in a browser, for end-to-end tests: one Chromium, one context (own storage, own profile) a person.
 * Everything waits on conditions; nothing sleeps.
 */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchBrowser } from '../../lab/participants/browser.ts';

/** What the page received on one kind of media, summed over its streams. */
export interface Heard {
  readonly framesDecoded: number;
  readonly audioEnergy: number;
}

export interface Person {
  readonly page: Page;
  readonly context: BrowserContext;
  /**
   * Uncaught exceptions and console errors so far, what the security policy refused among them. Not requests
   * that failed: a page must live with those, and tests see how.
   */
  readonly faults: string[];
  /** W3C `inbound-rtp`: decoded frames and audio energy, over all of the page's connections. */
  heard(): Promise<Heard>;
  /** Frames and packets of every picture sent and received, for the message of a test that saw none. */
  pictures(): Promise<string>;
  leaveTheRoom(): Promise<void>;
}

interface WatchedWindow {
  watchedConnections: RTCPeerConnection[];
}

/**
 * Remembers the page's connections, for their statistics. Runs before the page's own scripts; the page knows
 * nothing of it.
 */
function watchConnections(): void {
  const watched: RTCPeerConnection[] = [];
  Object.assign(window, { watchedConnections: watched });
  window.RTCPeerConnection = new Proxy(window.RTCPeerConnection, {
    construct(target, args, newTarget) {
      const connection: RTCPeerConnection = Reflect.construct(target, args, newTarget);
      watched.push(connection);
      return connection;
    },
  });
}

async function readHeard(): Promise<Heard> {
  let framesDecoded = 0;
  let audioEnergy = 0;
  for (const connection of (window as unknown as WatchedWindow).watchedConnections) {
    if (connection.connectionState === 'closed') continue;
    for (const stat of (await connection.getStats()).values()) {
      if (stat.type !== 'inbound-rtp') continue;
      if (stat.kind === 'video') framesDecoded += stat.framesDecoded ?? 0;
      else audioEnergy += stat.totalAudioEnergy ?? 0;
    }
  }
  return { framesDecoded, audioEnergy };
}

async function readPictures(): Promise<string> {
  const found: string[] = [];
  for (const connection of (window as unknown as WatchedWindow).watchedConnections) {
    if (connection.connectionState === 'closed') continue;
    for (const stat of (await connection.getStats()).values()) {
      if (stat.kind !== 'video' || !['media-source', 'outbound-rtp', 'inbound-rtp'].includes(stat.type))
        continue;
      const frames = stat.framesDecoded ?? stat.framesSent ?? stat.frames;
      const packets = stat.packetsReceived ?? stat.packetsSent;
      const keyFrames = stat.keyFramesDecoded ?? stat.keyFramesEncoded;
      found.push(
        `${stat.type} ${stat.mid ?? ''} ${stat.rid ?? ''}: frames ${frames}, key ${keyFrames}, packets ${packets}, PLI ${stat.pliCount}`,
      );
    }
  }
  return found.join('; ');
}

export interface TestBrowser {
  person(options?: PersonOptions): Promise<Person>;
  close(): Promise<void>;
}

export interface PersonOptions {
  /** CSS pixels. @default 1280x720, the inside of a 13-inch laptop's window */
  readonly viewport?: { width: number; height: number };
  readonly colorScheme?: 'light' | 'dark';
}

/** @param voiceFile what everybody's microphone hears. @throws BrowserMissing */
export async function openBrowser(voiceFile?: string): Promise<TestBrowser> {
  const browser = await launchBrowser(voiceFile === undefined ? {} : { voiceFile });
  return {
    person: (options) => newPerson(browser, options),
    close: () => browser.close(),
  };
}

async function newPerson(browser: Browser, options: PersonOptions = {}): Promise<Person> {
  const { viewport = { width: 1280, height: 720 }, colorScheme = 'light' } = options;
  const context = await browser.newContext({ viewport, colorScheme });
  await context.addInitScript(watchConnections);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    const failedRequest = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !failedRequest) faults.push(message.text());
  });
  return {
    page,
    context,
    faults,
    heard: () => page.evaluate(readHeard),
    pictures: () => page.evaluate(readPictures),
    leaveTheRoom: () => context.close(),
  };
}
