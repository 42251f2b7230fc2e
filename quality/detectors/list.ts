/** Every detector, once. Adding one costs its file, its test and a line here. */
import type { Detector } from './detector.ts';
import { downlinkCongestion } from './downlink-congestion.ts';
import { freeze } from './freeze.ts';
import { iceLoss } from './ice-loss.ts';
import { uplinkCongestion } from './uplink-congestion.ts';

/** Causes before their effects: what explains a freeze is known before the freeze is judged. */
export const detectors: readonly Detector[] = [iceLoss, uplinkCongestion, downlinkCongestion, freeze];
