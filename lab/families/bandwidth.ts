/**
 * The line carries less than is sent on it. Up a participant sends its microphone and three layers of its camera,
 * together some 600 to 700 kbit/s of this film; down come two microphones and two middle layers.
 */
import { bySeverity, type LineFault, lineFamily } from './line.ts';

const kilobits = {
  up: bySeverity(500, 300, 120),
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
