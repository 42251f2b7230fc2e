/** The rows of one table under construction, column by column, and the Native block they become. */
import { type IdentityColumn, identityColumns } from '../../telemetry/identity.ts';
import { Bytes } from './bytes.ts';
import {
  type Column,
  FlagColumn,
  FloatColumn,
  IntColumn,
  ListColumn,
  MapColumn,
  TextColumn,
  WordColumn,
} from './column.ts';
import { type ColumnType, columnTypes, tableColumns } from './definitions.ts';
import { quantise } from './quantise.ts';

const constructors: Record<ColumnType, () => Column> = {
  text: () => new TextColumn(),
  word: () => new WordColumn(),
  time: () => new IntColumn(false),
  count: () => new IntColumn(true),
  signed: () => new IntColumn(true),
  gauge: () => new FloatColumn(true),
  flag: () => new FlagColumn(),
  total: () => new IntColumn(false),
  number: () => new FloatColumn(false),
  numbers: () => new ListColumn(false),
  totals: () => new ListColumn(true),
  map: () => new MapColumn(),
};

const firstCapacity = 64;

export class TableColumns {
  readonly name: string;
  readonly columns: ReadonlyMap<string, Column>;
  rows = 0;
  readonly #types: ReadonlyMap<string, string>;
  readonly #list: readonly Column[];
  readonly #texts: readonly Column[];
  /** Whose `otherwise` the text columns hold: the log reader's. */
  sender: object | undefined;
  /** Columns in the order of the log reader's slots. */
  slotColumns: readonly Column[] | undefined;
  readonly identity: readonly (readonly [IdentityColumn, TextColumn])[];
  /** Of samples and events. */
  readonly time: IntColumn;
  readonly clientTime: IntColumn;
  readonly receivedAt: IntColumn;
  readonly attributes: MapColumn;
  #capacity = 0;
  #markedRows = 0;

  constructor(name: string) {
    const definitions = tableColumns.get(name);
    if (!definitions) throw new Error(`no columns are known for the table ${name}: add it to definitions.ts`);
    this.name = name;
    this.columns = new Map(definitions.map((column) => [column.name, constructors[column.type]()]));
    this.#types = new Map(definitions.map((column) => [column.name, columnTypes[column.type]]));
    this.#list = [...this.columns.values()];
    this.identity = identityColumns.flatMap((column) => {
      const text = this.columns.get(column);
      return text instanceof TextColumn ? [[column, text] as const] : [];
    });
    this.time = this.columns.get('time') as IntColumn;
    this.clientTime = this.columns.get('client_time') as IntColumn;
    this.receivedAt = this.columns.get('received_at') as IntColumn;
    this.attributes = this.columns.get('attributes') as MapColumn;
    this.#texts = this.#list.filter((column) => column instanceof TextColumn || column instanceof MapColumn);
  }

  /** Room for one more row. */
  ensure(): void {
    if (this.rows < this.#capacity) return;
    this.#capacity = Math.max(firstCapacity, this.#capacity * 2);
    for (const column of this.#list) column.grow(this.#capacity);
  }

  add(row: Readonly<Record<string, unknown>>): void {
    this.ensure();
    for (const name in row) {
      const value = row[name];
      if (value !== undefined) this.columns.get(name)?.set(this.rows, value);
    }
    this.rows++;
  }

  /** What follows can be given up by `rollback`. */
  mark(): void {
    this.#markedRows = this.rows;
    this.sender = undefined;
    for (const column of this.#texts) column.mark(this.rows);
  }

  /** A row that was begun and is not counted yet is given up with the others. */
  rollback(): void {
    const written = this.rows + 1;
    this.rows = this.#markedRows;
    for (const column of this.#list) column.rollback(this.rows, written);
  }

  get markedRows(): number {
    return this.#markedRows;
  }

  /**
   * One block; columns without any value are left out, ClickHouse fills in their defaults.
   * @param memory taken for the block where it is large enough, so that large ones need not be had anew each time
   */
  encode(memory?: Buffer): Buffer {
    quantise(this.name, this.columns, this.rows);
    return this.encodeExactly(memory);
  }

  /** The same with every value as it was set, where it was not quantised yet. */
  encodeExactly(memory?: Buffer): Buffer {
    const used = [...this.columns].filter(([, column]) => column.used);
    const block = new Bytes(memory);
    block.reserve(this.rows * 600);
    block.varint(used.length);
    block.varint(this.rows);
    for (const [name, column] of used) {
      block.string(name);
      block.string(this.#types.get(name)!);
      column.write(this.rows, block);
    }
    return block.view();
  }

  clear(): void {
    for (const column of this.#list) column.clear(this.rows);
    this.rows = 0;
  }

  /** Slow, for tests: absent values are left out. */
  row(index: number): Record<string, unknown> {
    const row: Record<string, unknown> = {};
    for (const [name, column] of this.columns) {
      const value = column.get(index);
      if (value !== undefined) row[name] = value;
    }
    return row;
  }
}
