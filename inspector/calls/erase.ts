/**
 * Erasing a call: every row of it, in every table that holds rows of calls, found by their columns so that a table
 * added tomorrow is not forgotten. Erasing a participant: every row about them, and their id and name out of the rows
 * about others in the same calls. Returns when that is so of the parts on disk. On a cluster with a Keeper it reaches
 * all nodes; without one, the node that is asked.
 */
import { readSql, type Store } from '../store/store.ts';

const tablesSql = readSql('tables-of-calls.sql');
const callsSql = readSql('calls-of-participant.sql');

export interface Erased {
  readonly tables: number;
  /** That are gone. */
  readonly rows: number;
  /** That are about others, and name the participant no longer. */
  readonly rewritten: number;
}

export interface CallOfParticipant {
  readonly call_id: string;
  /** Epoch ms. */
  readonly last_seen_at: number;
  /** What the participant called themselves. */
  readonly names: readonly string[];
}

export interface TableOfCalls {
  readonly table: string;
  readonly cluster: string;
  readonly whole: string;
  readonly participantColumns: readonly string[];
  readonly textColumns: readonly string[];
  readonly listColumns: readonly string[];
  readonly mapColumns: readonly string[];
}

interface Deed {
  readonly table: TableOfCalls;
  /** After `ALTER TABLE …`. */
  readonly verb: string;
  readonly where: string;
}

type Parameters = Record<string, string | readonly string[]>;

const inCalls = 'tenant_id = {tenant:String} AND call_id IN {calls:Array(String)}';

export async function eraseCall(store: Store, tenantId: string, callId: string): Promise<Erased> {
  const tables = await store.query<TableOfCalls>(tablesSql, {});
  const deeds = tables.map((table) => ({ table, verb: 'DELETE', where: inCalls }));
  const rows = await done(store, deeds, { tenant: tenantId, calls: [callId] });
  return { ...sum(rows), rewritten: 0 };
}

/** @param callId '' for all */
export const callsOfParticipant = (
  store: Store,
  tenantId: string,
  participantId: string,
  callId: string,
): Promise<CallOfParticipant[]> =>
  store.query<CallOfParticipant>(callsSql, { tenant: tenantId, participant: participantId, call: callId });

/** @param calls those of the participant that are meant */
export async function eraseParticipant(
  store: Store,
  tenantId: string,
  participantId: string,
  calls: readonly CallOfParticipant[],
): Promise<Erased> {
  const tables = await store.query<TableOfCalls>(tablesSql, {});
  const parameters = {
    tenant: tenantId,
    calls: calls.map(({ call_id }) => call_id),
    participant: participantId,
    named: namedBy([participantId, ...calls.flatMap(({ names }) => names)]),
  };
  const rows = await done(store, tables.flatMap(deletion), parameters);
  const rewritten = await done(store, tables.flatMap(rewriting), parameters);
  return { ...sum(rows), rewritten: sum(rewritten).rows };
}

function deletion(table: TableOfCalls): Deed[] {
  if (table.participantColumns.length === 0) return [];
  const theirs = table.participantColumns.map((column) => `${column} = {participant:String}`).join(' OR ');
  return [{ table, verb: 'DELETE', where: `${inCalls} AND (${theirs})` }];
}

function rewriting(table: TableOfCalls): Deed[] {
  const named = (text: string) => `match(${text}, {named:String})`;
  // Twice: of two names in a row the first takes the space before the second.
  const without = (text: string) =>
    [1, 2].reduce((inner) => `replaceRegexpAll(${inner}, {named:String}, '\\\\1somebody\\\\2')`, text);
  const parts = [
    ...table.textColumns.map((name) => [`${name} = ${without(name)}`, named(name)]),
    ...table.listColumns.map((name) => [
      `${name} = arrayFilter(id -> id != {participant:String}, ${name})`,
      `has(${name}, {participant:String})`,
    ]),
    ...table.mapColumns.map((name) => [
      `${name} = mapApply((k, v) -> (k, ${without('v')}), ${name})`,
      `arrayExists(v -> ${named('v')}, mapValues(${name}))`,
    ]),
  ];
  if (parts.length === 0) return [];
  const verb = `UPDATE ${parts.map(([update]) => update).join(', ')}`;
  return [{ table, verb, where: `${inCalls} AND (${parts.map(([, found]) => found).join(' OR ')})` }];
}

/** As a whole word: "Ann" does not stand in "Annex". */
export const namedBy = (words: readonly string[]): string =>
  `(^|[^\\pL\\pN])(?:${[...new Set(words)].map((word) => word.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|')})($|[^\\pL\\pN])`;

export const statement = ({ table: { cluster }, verb, where }: Deed): string =>
  `ALTER TABLE {table:Identifier}${cluster === '' ? '' : ` ON CLUSTER ${cluster}`} ${verb} WHERE ${where}`;

/** @returns for each deed the rows it was for */
async function done(store: Store, deeds: readonly Deed[], parameters: Parameters): Promise<number[]> {
  // All at once: each waits for its turn in the server's own queue, not for the one before.
  return Promise.all(
    deeds.map(async (deed) => {
      const { table, whole } = deed.table;
      const count = `SELECT count() AS rows FROM {table:Identifier} WHERE ${deed.where}`;
      const [found] = await store.query<{ rows: number }>(count, { ...parameters, table: whole });
      if (!found || found.rows === 0) return 0;
      await store.command(statement(deed), { ...parameters, table });
      return found.rows;
    }),
  );
}

const sum = (rows: readonly number[]) => ({
  tables: rows.filter((count) => count > 0).length,
  rows: rows.reduce((total, count) => total + count, 0),
});
