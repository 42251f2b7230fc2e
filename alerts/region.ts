/**
 * Which regions are in trouble of their own. A region that burns while others do not is an alert about that region,
 * long before all together burn; when all burn alike it is nobody's region, and one alert about everybody. Pure.
 */
import { type Burn, burnOf, longestPageMinutes, type Sums, type WindowPair, windowPairs } from './burn.ts';
import { standsOut, sum } from './factors.ts';
import type { Slo } from './slos/slo.ts';

const pagePairs = windowPairs.filter(({ severity }) => severity === 'page');

export interface RegionBurn {
  readonly burn: Burn;
  /** It suffers three times as often as the regions that do not burn, and there are such. */
  readonly own: boolean;
}

/** Those that burn, by name. @param regions '' counts among the others: people of no known country */
export function burningRegions(
  slo: Slo,
  regions: ReadonlyMap<string, Sums>,
  through: number,
): Map<string, RegionBurn> {
  const burning = new Map<string, Burn>();
  for (const [region, sums] of regions) {
    const burn = region === '' ? undefined : pageBurn(slo, sums, through);
    if (burn) burning.set(region, burn);
  }
  if (burning.size === 0) return new Map();
  const calm = [...regions].filter(([region]) => !burning.has(region)).map(([, sums]) => sums);
  return new Map(
    [...burning].map(([region, burn]) => [
      region,
      { burn, own: isOwn(regions.get(region)!, calm, burn.pair, through) },
    ]),
  );
}

function pageBurn(slo: Slo, sums: Sums, through: number): Burn | undefined {
  // Most regions at most times: too little is bad for any window.
  const from = through - longestPageMinutes;
  if (sums.total(from, through) - sums.good(from, through) < slo.fewestBad) return undefined;
  return pagePairs.map((pair) => burnOf(slo, sums, pair, through)).find(({ burns }) => burns);
}

/** In the short window, which knows what goes on, or in the long one, which knows enough of a small region. */
function isOwn(sums: Sums, calm: readonly Sums[], pair: WindowPair, through: number): boolean {
  return [pair.shortMinutes, pair.longMinutes].some((minutes) => {
    const counted = (all: readonly Sums[]) => ({
      people: sum(all.map((one) => one.total(through - minutes, through))),
      bad: sum(
        all.map((one) => one.total(through - minutes, through) - one.good(through - minutes, through)),
      ),
    });
    return standsOut(counted([sums]), counted(calm));
  });
}

/**
 * All but some regions. Only over the windows of pages: for longer ones, in which a region's share is small, it is all.
 */
export function without(excluded: ReadonlySet<string>, regions: ReadonlyMap<string, Sums>, all: Sums): Sums {
  const others = [...regions].filter(([region]) => !excluded.has(region)).map(([, sums]) => sums);
  const over = (of: 'good' | 'total') => (from: number, to: number) =>
    to - from > longestPageMinutes ? all[of](from, to) : sum(others.map((one) => one[of](from, to)));
  return { good: over('good'), total: over('total') };
}
