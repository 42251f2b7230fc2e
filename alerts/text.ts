/** The list of SLOs for a terminal. */
import { thresholdOf, windowPairs } from './burn.ts';
import { slos } from './slos/list.ts';

export function slosText(): string {
  return slos
    .map((slo) =>
      [
        `${slo.name}: ${slo.promise}`,
        `    objective ${100 * slo.objective} % of ${slo.windowDays} days, owner ${slo.owner}, ${slo.runbook}`,
        `    ${windowPairs.map((pair) => `${pair.severity} above ${Number(thresholdOf(slo, pair).toFixed(1))}x over ${pair.name}`).join(', ')}; from ${slo.fewestBad} bad events on`,
      ].join('\n'),
    )
    .join('\n');
}
