/** What one request comes to: rows by table, already in the form that the store takes, and what was refused. */

export class RowSet {
  /** Table -> rows as JSON text, one object each. */
  readonly byTable = new Map<string, string[]>();
  /** Why -> how many records. */
  readonly refusals = new Map<string, number>();

  add(table: string, row: object): void {
    const lines = this.byTable.get(table);
    const line = JSON.stringify(row);
    if (lines) lines.push(line);
    else this.byTable.set(table, [line]);
  }

  refuse(reason: string, records = 1): void {
    this.refusals.set(reason, (this.refusals.get(reason) ?? 0) + records);
  }

  get rows(): number {
    let rows = 0;
    for (const lines of this.byTable.values()) rows += lines.length;
    return rows;
  }

  get refused(): number {
    let records = 0;
    for (const count of this.refusals.values()) records += count;
    return records;
  }

  /** For the partial success of the answer; empty when nothing was refused. */
  get refusalMessage(): string {
    return [...this.refusals].map(([reason, records]) => `${records} refused: ${reason}`).join('; ');
  }
}
