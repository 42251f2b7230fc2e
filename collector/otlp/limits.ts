/** How large a request may be once it is unpacked, so that a small body cannot become a large amount of work. */
import { CollectorError } from '../errors.ts';

/** Values within values: OTLP attributes need 2 or 3; deeper ones are refused before they fill the stack. */
export const maxDepth = 16;

/** Records, points, spans, attributes and buckets of one request, taken together. */
export const maxItems = 1_000_000;

/** Log records, spans or data points of one request. */
export const maxRecords = 20_000;

/** Counts down while a request is decoded. */
export class Budget {
  #items: number;
  #records: number;

  constructor(limits: { items?: number; records?: number } = {}) {
    this.#items = limits.items ?? maxItems;
    this.#records = limits.records ?? maxRecords;
  }

  /** @throws CollectorError `too_many_items` */
  item(): void {
    if (--this.#items < 0)
      throw new CollectorError('too_many_items', `more than ${maxItems} values in one request`);
  }

  /** @throws CollectorError `too_many_items` */
  record(): void {
    this.item();
    if (--this.#records < 0) {
      throw new CollectorError('too_many_items', `more than ${maxRecords} records in one request`);
    }
  }

  /** @throws CollectorError `malformed` */
  depth(depth: number): void {
    if (depth > maxDepth) throw new CollectorError('malformed', `values nested deeper than ${maxDepth}`);
  }
}
