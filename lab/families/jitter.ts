/**
 * Each packet's delay drawn anew around a mean, so that packets overtake each other: what netem does, and several
 * radio paths at once. Keeping the order instead, as a queue does, turns a wide jitter into little more than delay:
 * each packet waits for the slowest before it, and RFC 3550's jitter stays under 30 ms however wide the draw (25 ms
 * at ± 150 ms). As it is, it comes to some 20, 50 and 95 ms.
 */
import { bySeverity, type LineFault, lineFamily } from './line.ts';

/** Half of the width. The mean grows with it, because nothing arrives before it was sent. */
const jitterMs = bySeverity(30, 80, 150);

const jitter: LineFault = {
  name: 'jitter',
  fault: 'jitter with reordering',
  severities: bySeverity('50 ± 30 ms', '100 ± 80 ms', '170 ± 150 ms'),
  change: (severity) => ({
    delayMs: 20 + jitterMs[severity],
    jitterMs: jitterMs[severity],
    jitterReorders: true,
  }),
  closer: ['high_jitter', 'jitter_buffer_inflated'],
};

export const uplinkJitter = lineFamily('up', jitter);
export const downlinkJitter = lineFamily('down', jitter);
