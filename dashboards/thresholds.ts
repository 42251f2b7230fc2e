/** From which value on a number is good, doubtful or bad; drawn as colours and as lines. */

/** Names of Grafana's colours, which follow its theme. */
export type Colour = 'green' | 'orange' | 'red' | 'blue' | 'text';

export interface Threshold {
  /** From here on; null: from the least. */
  readonly from: number | null;
  readonly colour: Colour;
}

/** Good up to `objective`, bad from `bad` on. @param bad @default the objective: nothing is doubtful */
export function atMost(objective: number, bad = objective): readonly Threshold[] {
  return bad > objective
    ? [
        { from: null, colour: 'green' },
        { from: objective, colour: 'orange' },
        { from: bad, colour: 'red' },
      ]
    : [
        { from: null, colour: 'green' },
        { from: objective, colour: 'red' },
      ];
}

/** Good from `objective` on, bad below `bad`. @param bad @default the objective: nothing is doubtful */
export function atLeast(objective: number, bad = objective): readonly Threshold[] {
  return bad < objective
    ? [
        { from: null, colour: 'red' },
        { from: bad, colour: 'orange' },
        { from: objective, colour: 'green' },
      ]
    : [
        { from: null, colour: 'red' },
        { from: objective, colour: 'green' },
      ];
}

export function colourOf(value: number, thresholds: readonly Threshold[]): Colour {
  return thresholds.findLast(({ from }) => from === null || value >= from)?.colour ?? 'text';
}
