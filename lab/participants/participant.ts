/** A participant of a call: a real page in a real browser, which joins by the invite link as a person would. */
import type { Browser, Page } from 'playwright-core';
import type { JoinAnswer } from '../../telemetry/signaling.ts';
import { captureScript } from './capture.ts';
import { detourScript, type LabPage, type RelayWay, type Route } from './detour.ts';
import { type DeviceSetup, devicesScript } from './devices.ts';

export interface JoinOptions {
  browser: Browser;
  /** The meeting page's address with its invite: `<page>/?invite=…`. */
  link: string;
  name: string;
  /** Send the media through a line of the lab network. @default straight to the SFU */
  via?: Route;
  /** Send it by a TURN relay only. @default without a relay where there is a line, else as the browser finds */
  relay?: RelayWay;
  /** Devices that are refused, or under the lab's hand. @default as the browser gives them */
  devices?: DeviceSetup;
  /** Whether the camera is switched on from the start. @default true */
  camera?: boolean;
  /**
   * CSS pixels. @default 720x480: small, as drawing costs a two-core machine as much as a participant more, but three people's
   * tiles ask for all that the film has
   */
  viewport?: { width: number; height: number };
  /** Time until the page says that it has joined. @default 20,000 */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** What arrives at a participant, added up over its incoming streams. */
export interface MediaReceived {
  audioStreams: number;
  videoStreams: number;
  /** Of the stream with the least of it: all flow only when the slowest does. */
  leastFramesDecoded: number;
  leastAudioBytes: number;
  totalAudioEnergy: number;
  /** Of the first video that is sent: what the camera really gives. */
  sentWidth: number | null;
  sentHeight: number | null;
  sentFps: number | null;
}

export interface Participant {
  readonly name: string;
  readonly participantId: string;
  readonly callId: string;
  /** When it asked to be let in, epoch ms: before that there is no call to tell of. */
  readonly askedAtMs: number;
  readonly roomId: string;
  readonly page: Page;
  received(): Promise<MediaReceived>;
  /** Goes on decoding video but paints it no more: nobody looks, and painting costs as much as encoding. */
  lookAway(): Promise<void>;
  /** Leaves as a person does, by the button. */
  leave(): Promise<void>;
  /** Closes the page and its browser context. */
  close(): Promise<void>;
}

/** @throws Error with the page's own words when it does not join in time */
export async function joinCall(options: JoinOptions): Promise<Participant> {
  const { browser, link, name, via, relay, devices, timeoutMs = 20_000, signal } = options;
  signal?.throwIfAborted();
  const context = await browser.newContext({ viewport: options.viewport ?? { width: 720, height: 480 } });
  try {
    await context.addInitScript({ content: detourScript(via ?? null, relay ?? null) });
    await context.addInitScript({ content: captureScript });
    if (devices) await context.addInitScript({ content: devicesScript(devices) });
    const page = await context.newPage();
    const address = new URL(link);
    address.searchParams.set('name', name);
    address.searchParams.set('autojoin', '1');
    if (options.camera === false) address.searchParams.set('camera', 'off');
    let askedAtMs: number | undefined;
    page.on('request', (request) => {
      if (new URL(request.url()).pathname === '/api/v1/join') askedAtMs ??= Date.now();
    });
    const [admission] = await Promise.all([
      page.waitForResponse((response) => new URL(response.url()).pathname === '/api/v1/join', {
        timeout: timeoutMs,
      }),
      page.goto(address.href, { timeout: timeoutMs }),
    ]);
    if (!admission.ok()) {
      throw new Error(`${name} was not let in: ${admission.status()} ${await admission.text()}`);
    }
    const answer = (await admission.json()) as JoinAnswer;
    await joined(page, name, timeoutMs);
    return {
      name,
      participantId: answer.participantId,
      callId: answer.callId,
      askedAtMs: askedAtMs ?? Date.now(),
      roomId: answer.roomId,
      page,
      received: () => page.evaluate(mediaReceived),
      lookAway: () => page.evaluate(hideVideos),
      leave: async () => {
        await page.getByRole('button', { name: /leave/i }).first().click();
        await page.waitForFunction(() => document.documentElement.dataset.state !== 'joined');
      },
      close: () => context.close(),
    };
  } catch (error) {
    await context.close().catch(() => {});
    throw error;
  }
}

async function joined(page: Page, name: string, timeoutMs: number): Promise<void> {
  const handle = await page
    .waitForFunction(() => ['joined', 'error'].includes(document.documentElement.dataset.state ?? ''), null, {
      timeout: timeoutMs,
    })
    .catch(() => null);
  if (handle && (await page.evaluate(() => document.documentElement.dataset.state)) === 'joined') return;
  const said = (
    await page
      .locator('body')
      .allInnerTexts()
      .catch(() => [])
  ).join(' ');
  throw new Error(
    `${name} did not join${handle ? '' : ` within ${timeoutMs / 1000} s`}; the page says: ${said.slice(0, 400) || 'nothing'}`,
  );
}

/** Runs in the page. A sheet made by script is not under the page's content security policy. */
function hideVideos(): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('video { opacity: 0 !important; }');
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}

/** Runs in the page. */
async function mediaReceived(): Promise<MediaReceived> {
  const { connections } = (window as unknown as LabPage).callscopeLab;
  const found: MediaReceived = {
    audioStreams: 0,
    videoStreams: 0,
    leastFramesDecoded: Number.POSITIVE_INFINITY,
    leastAudioBytes: Number.POSITIVE_INFINITY,
    totalAudioEnergy: 0,
    sentWidth: null,
    sentHeight: null,
    sentFps: null,
  };
  for (const connection of connections) {
    if (connection.connectionState === 'closed') continue;
    for (const stat of (await connection.getStats()).values()) {
      // Where the SFU sends its probing packets: no picture ever comes of it.
      if (stat.mid === 'probator') continue;
      if (stat.type === 'inbound-rtp' && stat.kind === 'video') {
        found.videoStreams++;
        found.leastFramesDecoded = Math.min(found.leastFramesDecoded, stat.framesDecoded ?? 0);
      } else if (stat.type === 'inbound-rtp') {
        found.audioStreams++;
        found.leastAudioBytes = Math.min(found.leastAudioBytes, stat.bytesReceived ?? 0);
        found.totalAudioEnergy += stat.totalAudioEnergy ?? 0;
      } else if (stat.type === 'media-source' && stat.kind === 'video') {
        found.sentWidth ??= stat.width ?? null;
        found.sentHeight ??= stat.height ?? null;
        found.sentFps ??= stat.framesPerSecond ?? null;
      }
    }
  }
  if (found.videoStreams === 0) found.leastFramesDecoded = 0;
  if (found.audioStreams === 0) found.leastAudioBytes = 0;
  return found;
}
