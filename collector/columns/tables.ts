/** All tables under construction: what requests are written into, each wholly or not at all. */
import { defaultRedaction, type Redaction } from '../rows/redaction.ts';
import { type RefusalReason, Refusals, type RowSink } from '../rows/row-set.ts';
import { TableColumns } from './table.ts';

export class ColumnTables implements RowSink {
  readonly #tables = new Map<string, TableColumns>();
  /** Tables that the present request has written to. */
  readonly #touched = new Set<TableColumns>();
  refusals = new Refusals();
  readonly redaction: Redaction;

  constructor(redaction: Redaction = defaultRedaction) {
    this.redaction = redaction;
  }

  /** From here on all is one request's. */
  begin(): void {
    this.#touched.clear();
    this.refusals = new Refusals();
  }

  /** The table, ready to be written to by the present request. */
  open(name: string): TableColumns {
    let table = this.#tables.get(name);
    if (!table) {
      table = new TableColumns(name);
      this.#tables.set(name, table);
    }
    if (!this.#touched.has(table)) {
      table.mark();
      this.#touched.add(table);
    }
    return table;
  }

  add(table: string, row: Readonly<Record<string, unknown>>): void {
    this.open(table).add(row);
  }

  refuse(reason: RefusalReason, text: string, records = 1): void {
    this.refusals.add(reason, text, records);
  }

  /** Gives up what the present request wrote. */
  rollback(): void {
    for (const table of this.#touched) table.rollback();
    this.begin();
  }

  get touched(): ReadonlySet<TableColumns> {
    return this.#touched;
  }

  /** Rows of the present request. */
  get rows(): number {
    let rows = 0;
    for (const table of this.#touched) rows += table.rows - table.markedRows;
    return rows;
  }

  get(name: string): TableColumns | undefined {
    return this.#tables.get(name);
  }

  all(): Iterable<TableColumns> {
    return this.#tables.values();
  }
}
