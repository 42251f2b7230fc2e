/** What the sample alert of `npm run alerts -- test` knows. */
import type { Explanation } from './explain.ts';

/** Numbers that nobody measured, and the message says so. */
export const sample: Explanation = {
  people: 300,
  bad: 41,
  factors: [
    {
      dimension: 'country',
      value: 'XX',
      people: 60,
      bad: 38,
      otherPeople: 240,
      otherBad: 3,
      relativeRisk: 43.6,
      atLeast: 15,
      share: 0.93,
    },
  ],
  causes: [{ cause: 'sample', people: 36 }],
  incidents: [],
  worstCalls: ['sample-call'],
};
