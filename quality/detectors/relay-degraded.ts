/**
 * Do those who go through a relay suffer together, while the others do well?
 *
 * One relayed participant's trouble may be its own network's. Two and more at the same time, each seen on its own
 * transports, have the relay in common; those with a direct path are the control group. Without such a group delay
 * alone is not enough, since a busy SFU delays everybody alike.
 */
import type { CallFeatures } from '../features/call.ts';
import { calm, type Detector, evidenceOf, suffered, type Verdict } from './detector.ts';

/** The field asks for five over all calls of a relay; within one call two are what there is. */
const leastTroubled = 2;
const troubledShare = 0.5;

export const relayDegraded: Detector = {
  name: 'relay_degraded',
  version: 2,
  question: 'Do those who go through a relay suffer together, while the others do well?',
  onset:
    '>= 2 relayed participants, and at least half of the relayed, lose >= 2 % (on the way down with NACKs or losses of their own beside it), or have an estimate down by >= 25 % or delay up by >= 60 ms (half of what is asked of one alone), while at most half of the direct ones do; with nobody direct to compare, half of the troubled must lose packets or estimate',
  clearing: 'none of the relayed in trouble',
  explains: [
    {
      kinds: [
        ...suffered,
        'downlink_congestion',
        'uplink_congestion',
        'estimate_collapse',
        'fixed_bitrate',
        'ice_flapping',
      ],
      of: 'affected',
    },
  ],
  sentence: ({ affected, when, facts }) =>
    `The relay that ${affected} went through lost or delayed their packets ${when}${Number(facts.direct ?? 0) > 0 ? '; participants with a direct path were fine' : ''}.`,
  judge: judgeRelay,
};

function judgeRelay(features: CallFeatures): Verdict[] {
  const { relayed, troubled, losing, direct, directTroubled } = features.relay();
  if (relayed.size < leastTroubled) return [];
  const together = troubled.size >= leastTroubled && troubled.size >= troubledShare * relayed.size;
  const controlled =
    direct.size > 0 ? 2 * directTroubled.size <= direct.size : 2 * losing.size >= troubled.size;
  if (!(together && controlled)) {
    return [calm(troubled.size === 0 ? 'good' : 'unclear', '', 'relay', features.atMs)];
  }
  return [
    {
      state: 'bad',
      hop: 'relay',
      participantId: '',
      subjectId: 'relay',
      severity: losing.size > 0 ? 'severe' : 'moderate',
      confidence: direct.size > 0 ? 0.9 : 0.7,
      sinceMs: features.atMs - 2_500,
      evidence: evidenceOf({
        relayed: relayed.size,
        troubled: troubled.size,
        losing: losing.size,
        direct: direct.size,
        directTroubled: directTroubled.size,
      }),
      affected: [...relayed],
    },
  ];
}
