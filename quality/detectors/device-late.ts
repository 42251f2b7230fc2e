/** Is it the device that is late, or is it known not to be? By its page's own timers: see ../features/device.ts. */
import type { CallFeatures } from '../features/call.ts';
import { promptMs } from '../features/device.ts';
import { highest } from '../features/trailing.ts';
import { atLeast, atMost } from './detector.ts';

/** One is a hiccup. */
const lateSamples = 2;
/** Setting up a call keeps any page busy for some seconds. */
export const settledMs = 10_000;
const promptForMs = 2_500;
const stallJitterMs = 25;

type Devices = Pick<CallFeatures, 'devices'>;
type Stalls = Pick<CallFeatures, 'devices' | 'sending'>;

/** @param flowingMs how long media has flowed on a link of that participant */
export const deviceLate = (id: string, flowingMs: number | undefined, features: Devices): boolean =>
  lateIn(lateSamples, id, flowingMs, features);

/**
 * Late in one sample, while its microphone's sound reaches the SFU in bursts. One hiccup, however long, does not make as
 * much jitter over two seconds; stalls that come again and again do.
 */
export const deviceStalls = (id: string, flowingMs: number | undefined, features: Stalls): boolean =>
  lateIn(1, id, flowingMs, features) && atLeast(soundJitterAtSfuMs(id, features), stallJitterMs);

/** Of the sound that somebody sends, as it arrives at the SFU, over 2 s. */
export const soundJitterAtSfuMs = (id: string, { sending }: Pick<CallFeatures, 'sending'>) =>
  highest(
    sending()
      .filter((s) => s.senderId === id && s.kind === 'audio')
      .map((s) => s.jitterAtSfuNowMs),
  );

const lateIn = (samples: number, id: string, flowingMs: number | undefined, { devices }: Devices): boolean =>
  atLeast(devices().get(id)?.lateSamples, samples) && atLeast(flowingMs, settledMs);

/** Known to get its turn: what comes late there was late before. */
export const devicePrompt = (id: string, { devices }: Devices): boolean =>
  atMost(devices().get(id)?.pageLateMs, promptMs);

/** It has been prompt for a while, or does not tell: it does not keep a trouble open. */
export function deviceRecovered(id: string, { devices }: Devices): boolean {
  const device = devices().get(id);
  return device?.pageLateMs === undefined || device.promptForMs >= promptForMs;
}
