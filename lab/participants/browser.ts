/** The one Chromium that all lab participants live in: headless, with synthetic camera and microphone. */
import { accessSync, constants } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { filmFile } from './film.ts';
import { speechFile } from './speech.ts';

export interface BrowserOptions {
  /** @default CALLSCOPE_CHROMIUM, else /usr/bin/chromium */
  executable?: string;
  /** Frames per second of the synthetic camera. @default 8, which two cores encode several times beside all else */
  cameraFps?: number;
  /** A WAV file that the synthetic microphone plays in a loop. @default syllables that nobody understands */
  voiceFile?: string;
  /** Runs below the priority of everything else. @default false */
  givesWay?: boolean;
}

/** Chromium's own switches; Playwright adds headless mode, a fresh profile, and no throttling in the background. */
const switches = [
  '--no-sandbox',
  '--disable-gpu',
  '--use-fake-ui-for-media-stream',
  '--allow-loopback-in-peer-connection',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Loopback addresses must stand in the candidates as they are: nothing resolves mDNS names here.
  '--disable-features=WebRtcHideLocalIpsWithMdns',
];

const niced = fileURLToPath(new URL('chromium-niced.sh', import.meta.url));

export class BrowserMissing extends Error {
  override readonly name = 'BrowserMissing';
}

/** @throws BrowserMissing when there is no Chromium; Error when it does not start */
export async function launchBrowser(options: BrowserOptions = {}): Promise<Browser> {
  const executablePath = options.executable ?? process.env.CALLSCOPE_CHROMIUM ?? '/usr/bin/chromium';
  try {
    accessSync(executablePath, constants.X_OK);
  } catch {
    throw new BrowserMissing(
      `no Chromium at ${executablePath}: install it (apt-get install -y chromium) or set CALLSCOPE_CHROMIUM to its path`,
    );
  }
  return chromium.launch({
    executablePath: options.givesWay ? niced : executablePath,
    env: { ...process.env, CALLSCOPE_NICED: executablePath } as Record<string, string>,
    args: [
      ...switches,
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-video-capture=${filmFile(options.cameraFps ?? 8)}`,
      `--use-file-for-fake-audio-capture=${options.voiceFile ?? speechFile()}`,
    ],
    // Who launches it decides when it ends; Playwright's own handlers would end the whole process.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
}
