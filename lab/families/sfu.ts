/** The media node itself: a worker that gets too little CPU, one that dies, a node that dies. */
import { everybody, ofSfu } from './effects.ts';
import { type Family, faultMs, type Severity, type Step } from './family.ts';
import { bySeverity } from './line.ts';

const pulses = bySeverity({ stopMs: 100, runMs: 60 }, { stopMs: 300, runMs: 60 }, { stopMs: 700, runMs: 60 });

export const sfuStarved: Family = {
  name: 'sfu-starved',
  fault: 'the media worker is stopped and let run in turns, as on an overbooked host',
  severities: bySeverity('stops of 100 ms', 'stops of 300 ms', 'stops of 700 ms'),
  plan: (severity, cast) => ({
    steps: [{ action: { kind: 'starve', who: 'worker', ...pulses[severity] } }],
    faultMs,
    expected: [{ guilty: null, hops: ['sfu'], kinds: ['sfu_congestion'] }],
    sideEffects: ofSfu,
    affected: everybody(cast),
  }),
};

const deaths: Record<Severity, Step[]> = {
  mild: [{ action: { kind: 'kill', who: 'worker' } }],
  moderate: [
    { action: { kind: 'kill', who: 'worker' } },
    { atMs: 8_000, action: { kind: 'kill', who: 'worker' } },
  ],
  severe: [{ action: { kind: 'kill', who: 'sfu' } }],
};

export const workerKilled: Family = {
  name: 'worker-killed',
  fault: 'the media worker’s process is killed; it is replaced, and the clients come back by themselves',
  severities: bySeverity('once', 'twice, 8 s apart', 'the whole node, once'),
  plan: (severity, cast) => ({
    steps: deaths[severity],
    faultMs,
    expected: [{ guilty: null, hops: ['sfu'], kinds: ['sfu_death', 'dtls_wave'] }],
    sideEffects: ofSfu,
    affected: everybody(cast),
  }),
};
