/** Lists for a terminal. */
import { thresholdOf, windowPairs } from './burn.ts';
import { faults } from './faults/list.ts';
import { type PitfallRow, pitfalls } from './pitfalls/list.ts';
import { slos } from './slos/list.ts';

/** The list of SLOs and faults. */
export function concernsText(): string {
  return [
    ...slos.map((slo) =>
      [
        `${slo.name}: ${slo.promise}`,
        `    objective ${100 * slo.objective} % of ${slo.windowDays} days, owner ${slo.owner}, ${slo.runbook}`,
        `    ${windowPairs.map((pair) => `${pair.severity} above ${Number(thresholdOf(slo, pair).toFixed(1))}x over ${pair.name}`).join(', ')}; from ${slo.fewestBad} bad events on`,
      ].join('\n'),
    ),
    ...faults.map(({ name, severity, happened, owner, runbook }) =>
      [`${name}: ${severity} as soon as a part ${happened}`, `    owner ${owner}, ${runbook}`].join('\n'),
    ),
  ].join('\n');
}

/** Pitfalls that have struck: whom, how it shows, and the fix. */
export function pitfallsText(found: readonly PitfallRow[]): string {
  if (found.length === 0) return `None of ${pitfalls.length} pitfalls has struck anybody in this time.`;
  return found
    .map((row) => {
      const { title, question, fix } = pitfalls.find(({ name }) => name === row.pitfall)!;
      return [
        `${title}: ${row.people} people in ${row.calls} calls, last ${row.last_at} UTC (${row.example_call}: ${row.example})`,
        `    ${question}`,
        `    ${fix}`,
      ].join('\n');
    })
    .join('\n');
}
