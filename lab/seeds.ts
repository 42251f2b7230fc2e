/**
 * Two ranges of seeds that never meet. Detectors are fitted on runs of the first; the scoreboard is made of the second
 * and takes no row of the first.
 */
export type Purpose = 'tune' | 'scoreboard';

const ranges: Record<Purpose, { first: number; count: number }> = {
  tune: { first: 1, count: 99_999 },
  scoreboard: { first: 100_000, count: 100_000 },
};

/**
 * @param offset which seeds of the range: 0 takes its first ones
 * @throws Error when the range does not hold so many
 */
export function seedsFor(purpose: Purpose, offset: number, runs: number): number[] {
  const { first, count } = ranges[purpose];
  if (offset < 0 || runs < 0 || offset + runs > count) {
    throw new Error(
      `seeds ${offset} to ${offset + runs - 1} are outside of the ${purpose} range, which has ${count}`,
    );
  }
  return Array.from({ length: runs }, (_, i) => first + offset + i);
}

export function purposeOf(seed: number): Purpose | undefined {
  return (Object.keys(ranges) as Purpose[]).find((purpose) => {
    const { first, count } = ranges[purpose];
    return seed >= first && seed < first + count;
  });
}
