/** The demo's call: real Chromium participants, each behind a line of the lab network of its own. */
import type { Browser } from 'playwright-core';
import { type Line, type Network, startNetwork } from '../../lab/network/network.ts';
import { joinCall, type MediaReceived, type Participant } from '../../lab/participants/participant.ts';

export interface Seat {
  participant: Participant;
  line: Line;
}

export interface Call {
  seats: Seat[];
  close(): Promise<void>;
}

export interface CallOptions {
  browser: Browser;
  /** How many join. */
  count: number;
  seed: number;
  /** The page's address with its invite. */
  link: string;
  /** Where the SFU takes media, as it stands in its ICE candidates. */
  media: { host: string; port: number };
  progress: (text: string) => void;
  signal: AbortSignal;
}

const names = ['Ana', 'Bruno', 'Chiara', 'Dmitri', 'Emeka', 'Farah'];

/** Each way, for everybody: the round trip of people in one country. */
const delayMs = 20;

/** So that the tiles of six are no smaller than those of three. */
const largeViewport = { width: 1100, height: 520 };

/** @throws Error when somebody cannot join; what was started by then has been closed */
export async function startCall(options: CallOptions): Promise<Call> {
  const { browser, count, seed, link, media, progress, signal } = options;
  const network = await startNetwork();
  const seats: Seat[] = [];
  const close = async () => {
    await Promise.allSettled(seats.map(({ participant }) => participant.close()));
    await network.close();
  };
  try {
    const joining = names.slice(0, count).map(async (name, i) => {
      const line = await openLine(network, media, i + 1, seed);
      const via = { from: media, to: { host: line.host, port: line.port } };
      const participant = await joinCall({
        browser,
        link,
        name,
        via,
        ...(count > 4 && { viewport: largeViewport }),
        signal,
      });
      seats[i] = { participant, line };
      progress(`${name} is in`);
    });
    // All of them, so that whoever came in is known when somebody did not.
    const failed = (await Promise.allSettled(joining)).find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    return { seats, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function openLine(
  network: Network,
  media: CallOptions['media'],
  number: number,
  seed: number,
): Promise<Line> {
  return network.open({
    listenHost: `127.1.0.${number}`,
    listenPort: media.port,
    targetHost: media.host,
    targetPort: media.port,
    seed: seed * 16 + number,
    up: { delayMs },
    down: { delayMs },
  });
}

const mediaLimitMs = 30_000;

/**
 * Resolves once everybody decodes video of and gets audio from everybody else.
 * @throws Error that says who lacks what, after 30 s
 */
export async function mediaFlows(call: Call, pause: (ms: number) => Promise<void>): Promise<void> {
  const others = call.seats.length - 1;
  const deadline = Date.now() + mediaLimitMs;
  for (;;) {
    const received = await Promise.all(call.seats.map(({ participant }) => participant.received()));
    const lacking = call.seats
      .map(({ participant }, i) => ({ name: participant.name, lack: lacks(received[i]!, others) }))
      .filter(({ lack }) => lack !== '');
    if (lacking.length === 0) return;
    if (Date.now() > deadline) {
      const who = lacking.map(({ name, lack }) => `${name} ${lack}`).join('; ');
      throw new Error(`media does not flow after ${mediaLimitMs / 1000} s: ${who}`);
    }
    await pause(200);
  }
}

function lacks(received: MediaReceived, others: number): string {
  if (received.videoStreams < others) return `gets ${received.videoStreams} of ${others} video streams`;
  if (received.audioStreams < others) return `gets ${received.audioStreams} of ${others} audio streams`;
  if (received.leastFramesDecoded < 5) return 'sees no moving picture of somebody';
  return received.leastAudioBytes < 500 ? 'gets no sound of somebody' : '';
}
