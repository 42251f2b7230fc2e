/** Each packet's delay drawn anew around a mean, order kept, as by a queue that others fill and empty. */
import { bySeverity, type LineFault, lineFamily } from './line.ts';

/** Half of the width. The mean grows with it, because nothing arrives before it was sent. */
const jitterMs = bySeverity(30, 70, 150);

const jitter: LineFault = {
  name: 'jitter',
  fault: 'jitter',
  severities: bySeverity('50 ± 30 ms', '90 ± 70 ms', '170 ± 150 ms'),
  change: (severity) => ({ delayMs: 20 + jitterMs[severity], jitterMs: jitterMs[severity] }),
  closer: ['high_jitter', 'jitter_buffer_inflated'],
};

export const uplinkJitter = lineFamily('up', jitter);
export const downlinkJitter = lineFamily('down', jitter);
