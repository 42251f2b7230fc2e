/**
 * The line carries less than is sent on it. Measured: of this film and speech a participant sends some 350 kbit/s up
 * and gets some 570 kbit/s down. Held to 300 kbit/s upwards, nothing was ever dropped.
 */
import { bySeverity, type LineFault, lineFamily } from './line.ts';

const kilobits = {
  up: bySeverity(250, 170, 100),
  down: bySeverity(450, 250, 120),
} as const;
/** A home router's: what does not leave within this time is dropped. */
const queueMs = 300;

const bandwidth = (direction: 'up' | 'down'): LineFault => ({
  name: 'bandwidth',
  fault: 'too little bandwidth',
  severities: bySeverity(
    `${kilobits[direction].mild} kbit/s`,
    `${kilobits[direction].moderate} kbit/s`,
    `${kilobits[direction].severe} kbit/s`,
  ),
  change: (severity) => ({
    bandwidth: { bitrateBps: kilobits[direction][severity] * 1000, queueMs },
  }),
});

export const uplinkBandwidth = lineFamily('up', bandwidth('up'));
export const downlinkBandwidth = lineFamily('down', bandwidth('down'));
