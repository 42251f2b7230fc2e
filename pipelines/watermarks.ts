/** How far each shard has been judged: in memory while running, in the store for the next start. */
import { readSql, type Store } from './store/store.ts';

/** Written this often; what a restart judges again is found judged and left alone. */
const keepEveryMs = 5_000;

const throughSql = readSql('detect-through.sql');

export class Watermarks {
  readonly #store: Store;
  readonly #shards: number;
  readonly #through = new Map<number, number>();
  readonly #kept = new Map<number, number>();

  constructor(store: Store, shards: number) {
    this.#store = store;
    this.#shards = shards;
  }

  /** Epoch ms; undefined when the shard was never judged. */
  async read(shard: number): Promise<number | undefined> {
    const known = this.#through.get(shard);
    if (known !== undefined) return known;
    const [row] = await this.#store.query<{ through: number; found: number }>(throughSql, {
      shard,
      shards: this.#shards,
    });
    if (!row || row.found === 0) return undefined;
    this.#through.set(shard, row.through);
    return row.through;
  }

  async advance(shard: number, throughMs: number): Promise<void> {
    this.#through.set(shard, throughMs);
    if (throughMs - (this.#kept.get(shard) ?? 0) < keepEveryMs) return;
    await this.#store.insert('detect_run', [
      { shard, shards: this.#shards, through: throughMs, revision: throughMs },
    ]);
    this.#kept.set(shard, throughMs);
  }
}
