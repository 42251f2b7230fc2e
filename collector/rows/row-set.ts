/** What one request comes to: rows by table, and what was refused. */
import { defaultRedaction, type Redaction } from './redaction.ts';

/** Why a record is refused, as a word for counting; the text beside it says more. */
export type RefusalReason = 'sfu_event_of_client' | 'no_call_id' | 'bad_span_id' | 'summary' | 'bad_point';

/** Where rows go: to the columns that the store takes, or to a RowSet. */
export interface RowSink {
  add(table: string, row: Readonly<Record<string, unknown>>): void;
  refuse(reason: RefusalReason, text: string, records?: number): void;
  readonly redaction: Redaction;
}

/** Why records were refused, and how many. */
export class Refusals {
  readonly #byText = new Map<string, number>();
  readonly byReason = new Map<RefusalReason, number>();

  add(reason: RefusalReason, text: string, records = 1): void {
    this.#byText.set(text, (this.#byText.get(text) ?? 0) + records);
    this.byReason.set(reason, (this.byReason.get(reason) ?? 0) + records);
  }

  get records(): number {
    let records = 0;
    for (const count of this.byReason.values()) records += count;
    return records;
  }

  /** For the partial success of the answer; empty when nothing was refused. */
  get message(): string {
    if (this.#byText.size === 0) return '';
    return [...this.#byText].map(([text, records]) => `${records} refused: ${text}`).join('; ');
  }
}

/** Rows as JSON text, one object each: the plain form that the columns are compared with. */
export class RowSet implements RowSink {
  readonly byTable = new Map<string, string[]>();
  readonly refusals = new Refusals();
  readonly redaction = defaultRedaction;

  add(table: string, row: object): void {
    const lines = this.byTable.get(table);
    const line = JSON.stringify(row);
    if (lines) lines.push(line);
    else this.byTable.set(table, [line]);
  }

  refuse(reason: RefusalReason, text: string, records = 1): void {
    this.refusals.add(reason, text, records);
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
