/**
 * What those who suffer have in common: the relative risk of each value of each dimension against everybody else.
 * Pure; the numbers come from explain.ts.
 */

/** How many people have a value, and how many of them suffer. */
export interface Count {
  /** A dimension, or `incident` for what the detectors found. */
  readonly dimension: string;
  readonly value: string;
  readonly people: number;
  readonly bad: number;
}

export interface Factor extends Count {
  /** Everybody else of whom the dimension is known. */
  readonly otherPeople: number;
  readonly otherBad: number;
  /** Half a person added to every cell, so that nobody among the others is no infinity. */
  readonly relativeRisk: number;
  /** Lower end of its 95 % interval. */
  readonly atLeast: number;
  /** Share of all who suffer that have it. */
  readonly share: number;
}

/** Fewer people are no group, and without a control group there is nothing to compare with. */
const leastPeople = 20;
const leastOthers = 20;
/** Three times as often as elsewhere is what one would call a common factor. */
const leastRisk = 3;

/** Whether a group suffers so much more than all others that this is no chance. */
export const standsOut = (
  { people, bad }: Pick<Count, 'people' | 'bad'>,
  others: Pick<Count, 'people' | 'bad'>,
): boolean => isMarked(factorOf({ dimension: '', value: '', people, bad }, others.people, others.bad));

const isMarked = (one: Factor) =>
  one.people >= leastPeople &&
  one.otherPeople >= leastOthers &&
  one.relativeRisk >= leastRisk &&
  one.atLeast > 1;

/** A group that holds few of those who suffer does not explain them. */
const leastShare = 0.3;

/** Standing out, the strongest first: by the lower end of the interval, so that chance does not lead. */
export function commonFactors(counts: readonly Count[]): Factor[] {
  return factorsOf(counts)
    .filter((one) => isMarked(one) && one.share >= leastShare)
    .sort((a, b) => b.atLeast - a.atLeast || a.dimension.localeCompare(b.dimension));
}

/** Every known value of every dimension against all others of it. */
export function factorsOf(counts: readonly Count[]): Factor[] {
  const byDimension = Map.groupBy(
    counts.filter(({ value }) => value !== ''),
    ({ dimension }) => dimension,
  );
  return [...byDimension.values()].flatMap((values) => {
    const people = sum(values.map((one) => one.people));
    const bad = sum(values.map((one) => one.bad));
    return values.map((one) => factorOf(one, people - one.people, bad - one.bad));
  });
}

function factorOf(count: Count, otherPeople: number, otherBad: number): Factor {
  const a = count.bad + 0.5;
  const n = count.people + 1;
  const c = otherBad + 0.5;
  const m = otherPeople + 1;
  const relativeRisk = a / n / (c / m);
  // Katz's interval of the logarithm of a relative risk.
  const deviation = Math.sqrt(Math.max(0, 1 / a - 1 / n + 1 / c - 1 / m));
  return {
    ...count,
    otherPeople,
    otherBad,
    relativeRisk,
    atLeast: relativeRisk * Math.exp(-1.96 * deviation),
    share: count.bad / Math.max(1, count.bad + otherBad),
  };
}

export const sum = (values: readonly number[]) => values.reduce((all, one) => all + one, 0);
