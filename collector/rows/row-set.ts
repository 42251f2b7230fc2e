/** What one request comes to: rows by table, and what was refused. */

/** Where rows go: to the columns that the store takes, or to a RowSet. */
export interface RowSink {
  add(table: string, row: Readonly<Record<string, unknown>>): void;
  refuse(reason: string, records?: number): void;
}

/** Why records were refused, and how many. */
export class Refusals {
  readonly #byReason = new Map<string, number>();

  add(reason: string, records = 1): void {
    this.#byReason.set(reason, (this.#byReason.get(reason) ?? 0) + records);
  }

  get records(): number {
    let records = 0;
    for (const count of this.#byReason.values()) records += count;
    return records;
  }

  /** For the partial success of the answer; empty when nothing was refused. */
  get message(): string {
    return [...this.#byReason].map(([reason, records]) => `${records} refused: ${reason}`).join('; ');
  }
}

/** Rows as JSON text, one object each: the plain form that the columns are compared with. */
export class RowSet implements RowSink {
  readonly byTable = new Map<string, string[]>();
  readonly refusals = new Refusals();

  add(table: string, row: object): void {
    const lines = this.byTable.get(table);
    const line = JSON.stringify(row);
    if (lines) lines.push(line);
    else this.byTable.set(table, [line]);
  }

  refuse(reason: string, records = 1): void {
    this.refusals.add(reason, records);
  }

  get rows(): number {
    let rows = 0;
    for (const lines of this.byTable.values()) rows += lines.length;
    return rows;
  }

  get refused(): number {
    return this.refusals.records;
  }

  get refusalMessage(): string {
    return this.refusals.message;
  }
}
