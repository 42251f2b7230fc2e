/**
 * Every packet later by the same time. Only round trips are measured in a call, and they do not tell which way grew:
 * naming either direction of the right participant's path is right.
 */
import { bySeverity, type LineFault, lineFamily } from './line.ts';

/** One way, instead of 20 ms. G.114: up to 150 ms mostly fine, beyond 400 ms not acceptable. */
const delayMs = bySeverity(150, 300, 600);

const delay: LineFault = {
  name: 'delay',
  fault: 'delay',
  severities: bySeverity('150 ms', '300 ms', '600 ms'),
  change: (severity) => ({ delayMs: delayMs[severity] }),
  closer: ['high_delay'],
  eitherWay: true,
};

export const uplinkDelay = lineFamily('up', delay);
export const downlinkDelay = lineFamily('down', delay);
