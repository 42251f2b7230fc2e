/** Is it the device that is late, or is it known not to be? By its page's own timers: see ../features/device.ts. */
import type { CallFeatures } from '../features/call.ts';
import { promptMs } from '../features/device.ts';
import { atLeast, atMost } from './detector.ts';

/** One is a hiccup. */
const lateSamples = 2;
/** Setting up a call keeps any page busy for some seconds. */
const settledMs = 10_000;
const promptForMs = 2_500;

type Devices = Pick<CallFeatures, 'devices'>;

/** @param flowingMs how long media has flowed on a link of that participant */
export const deviceLate = (id: string, flowingMs: number | undefined, { devices }: Devices): boolean =>
  atLeast(devices().get(id)?.lateSamples, lateSamples) && atLeast(flowingMs, settledMs);

/** Known to get its turn: what comes late there was late before. */
export const devicePrompt = (id: string, { devices }: Devices): boolean =>
  atMost(devices().get(id)?.pageLateMs, promptMs);

/** It has been prompt for a while, or does not tell: it does not keep a trouble open. */
export function deviceRecovered(id: string, { devices }: Devices): boolean {
  const device = devices().get(id);
  return device?.pageLateMs === undefined || device.promptForMs >= promptForMs;
}
