/** A statistics object as a sample: the columns that judgement reads, by the vocabulary and by nothing else. */
import { convertMember, memberReader, type RawStats } from '../../telemetry/browser-stats.ts';
import { type ClientStatsType, clientStats, type Member } from '../../telemetry/stats.ts';
import { type Sample, type SampleIdentity, type SampleTable, sampleColumns } from '../samples.ts';

type Cell = string | number | boolean | null;

interface Column {
  readonly column: string;
  /** What stands there when the source did not say. */
  readonly unknown: Cell;
  readonly member: Member | undefined;
  readonly read: (stats: RawStats) => unknown;
}

export type AnySample = Sample<SampleTable>;

/** All tables that judgement reads. */
export const sampleTables = Object.keys(sampleColumns) as SampleTable[];

/** `inbound-rtp` -> `inbound_rtp`; undefined for kinds that judgement does not read. */
export const tableOf = (type: string): SampleTable | undefined =>
  Object.hasOwn(plans, type) ? plans[type]!.table : undefined;

/** @returns undefined for kinds that judgement does not read */
export function sampleOf(stats: RawStats, identity: SampleIdentity): AnySample | undefined {
  const plan = Object.hasOwn(plans, stats.type) ? plans[stats.type] : undefined;
  if (!plan) return undefined;
  const row: Record<string, Cell> = { ...identity };
  for (const { column, unknown, member, read } of plan.columns) {
    row[column] = (member && convertMember(member, read(stats))) ?? unknown;
  }
  return row as unknown as AnySample;
}

/** A sample of which nothing is known but who and when. */
export function blankSample(table: SampleTable, identity: SampleIdentity): AnySample {
  const row: Record<string, Cell> = { ...identity };
  for (const [column, unknown] of unknownColumns(table)) row[column] = unknown;
  return row as unknown as AnySample;
}

/** Every column beside identity with what stands there when nobody said. */
export function unknownColumns(table: SampleTable): [column: string, unknown: Cell][] {
  const { number, text, flag } = sampleColumns[table];
  return [
    ...number.map((column): [string, Cell] => [column, null]),
    ...text.map((column): [string, Cell] => [column, '']),
    ...flag.map((column): [string, Cell] => [column, null]),
  ];
}

const plans: Readonly<Record<string, { table: SampleTable; columns: readonly Column[] }>> =
  Object.fromEntries(
    (Object.keys(clientStats) as ClientStatsType[]).flatMap((type) => {
      const { table: name, members } = clientStats[type];
      const table = sampleTables.find((known) => `rtc_stats_${known}` === name);
      if (!table) return [];
      const columns = unknownColumns(table).map(([column, unknown]): Column => {
        const member = (members as readonly Member[]).find((m) => m.column === column);
        return {
          column,
          unknown,
          member,
          read: member ? memberReader(type, member.member) : () => undefined,
        };
      });
      return [[type, { table, columns }]];
    }),
  );
