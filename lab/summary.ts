/** What the terminal shows of a run, and of all of them at the end. */
import type { RunRow } from './row.ts';
import type { Scoreboard } from './scoreboard.ts';
import { judgeRun } from './verdicts.ts';

const seconds = (ms: number | null) => (ms === null ? '–' : `${(ms / 1000).toFixed(1)} s`);
export const percent = (share: number | null): string =>
  share === null ? '–' : `${(share * 100).toFixed(1)} %`;

/** `downlink-loss moderate 100000: downlink_congestion at 2.1 s` */
export function runLine(row: RunRow): string {
  const { incidents, findings } = judgeRun(row);
  const found = findings.map(({ expected, hit, causeRight }) =>
    hit
      ? `${hit.kind} at ${seconds(hit.detectedMs)}${causeRight ? '' : ` with the wrong cause (${hit.hop})`}`
      : `missed ${expected.kinds[0]}`,
  );
  const alarms = row.found.filter((_, i) => incidents[i] === 'false_alarm');
  const wrong = alarms.map(({ kind, hop, detectedMs }) => `false ${kind} (${hop}) at ${seconds(detectedMs)}`);
  const said = [...found, ...wrong].join('; ') || 'nothing to find, nothing found';
  const load = `${Math.round(row.load.before * 100)}/${Math.round(row.load.during * 100)} % CPU`;
  return `${row.family} ${row.severity} ${row.seed}: ${said} [${load}]`;
}

export function summaryLines({ result, counts }: Scoreboard): string[] {
  return [
    '',
    `${result.runs} runs at moderate severity and above, or clean; ${counts.expected} findings due`,
    `  precision     ${percent(result.precision)}`,
    `  recall        ${percent(result.recall)}`,
    `  cause right   ${percent(result.causeAccuracy)}`,
    `  fault to find ${seconds(result.detectMedianMs)} median, ${seconds(result.detectP95Ms)} p95`,
    `  false alarms  ${result.falseAlarmsPerCleanHour ?? '–'} per clean participant-hour (${counts.falseAlarmsInCleanTime} in ${counts.cleanParticipantHours} h)`,
  ];
}
