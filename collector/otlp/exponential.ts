/** Exponential histograms (OTLP metrics data model) brought to explicit bounds, so that one kind is stored. */

export interface ExponentialShape {
  /** Bucket `i` of `positive` is (base^(offset+i), base^(offset+i+1)], base = 2^(2^-scale). */
  readonly scale: number;
  readonly zeroCount: number;
  readonly positive: { readonly offset: number; readonly counts: readonly number[] };
  readonly negative: { readonly offset: number; readonly counts: readonly number[] };
}

/**
 * `bounds` are upper bounds in rising order, `bucketCounts` one longer; the first bucket reaches down to minus
 * infinity and the last, always empty, up to infinity.
 */
export function exponentialToExplicit(shape: ExponentialShape): { bounds: number[]; bucketCounts: number[] } {
  const { scale, zeroCount, positive, negative } = shape;
  const boundAt = (index: number) => 2 ** (index * 2 ** -scale);
  const bounds: number[] = [];
  const bucketCounts: number[] = [];
  for (let i = negative.counts.length - 1; i >= 0; i--) {
    bounds.push(-boundAt(negative.offset + i));
    bucketCounts.push(negative.counts[i]!);
  }
  if (positive.counts.length > 0 || zeroCount > 0) {
    // Zero lies between the largest negative and the smallest positive bound.
    bounds.push(positive.counts.length > 0 ? boundAt(positive.offset) : 0);
    bucketCounts.push(zeroCount);
  }
  positive.counts.forEach((bucketCount, i) => {
    bounds.push(boundAt(positive.offset + i + 1));
    bucketCounts.push(bucketCount);
  });
  if (bounds.length > 0) bucketCounts.push(0);
  return { bounds, bucketCounts };
}
