/**
 * Pages of calls that were read lately. A call is asked for again and again while somebody looks at it (its parts, its
 * charts, a colleague with the same link); what it is made of is read once until something new is written.
 */
import type { Actor } from '../access/actor.ts';
import { callVersion, versionedPage } from '../calls/stored-call.ts';
import type { CallPage } from '../contract.ts';
import type { Store } from '../store/store.ts';

const mostPages = 32;
/** So long a page is taken as it is, without asking whether something new was written. */
const freshMs = 1_500;
/** A call that is live and one that ended just now may still change in ways that the version does not show. */
const settledMs = 120_000;
/** One look at a call is one entry in the audit log, however often its page is renewed. */
const sameLookMs = 3_600_000;

interface Kept {
  readonly read: Promise<{ readonly page: CallPage; readonly version: string }>;
  readonly readAt: number;
  checkedAt: number;
}

export class PageCache {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #pages = new Map<string, Kept>();
  readonly #looks = new Map<string, number>();

  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  async read(tenantId: string, callId: string): Promise<CallPage> {
    const key = `${tenantId}\n${callId}`;
    const known = this.#pages.get(key);
    if (known && (await this.#stillHolds(known, tenantId, callId))) return (await known.read).page;
    const at = this.#now();
    const read = versionedPage(this.#store, tenantId, callId, at);
    const kept: Kept = { read, readAt: at, checkedAt: at };
    this.#pages.delete(key);
    this.#pages.set(key, kept);
    const oldest = this.#pages.keys().next().value;
    if (this.#pages.size > mostPages && oldest !== undefined) this.#pages.delete(oldest);
    read.catch(() => {
      if (this.#pages.get(key) === kept) this.#pages.delete(key);
    });
    return (await read).page;
  }

  forget(tenantId: string, callId: string): void {
    this.#pages.delete(`${tenantId}\n${callId}`);
  }

  /** Runs the deed at the first look of an actor at a call within the hour. */
  async onceOpened(actor: Actor, callId: string, deed: () => Promise<void>): Promise<void> {
    const key = `${actor.tenantId}\n${actor.name}\n${callId}`;
    const now = this.#now();
    if (now - (this.#looks.get(key) ?? Number.NEGATIVE_INFINITY) < sameLookMs) return;
    if (this.#looks.size > 10_000) this.#looks.clear();
    this.#looks.set(key, now);
    await deed();
  }

  async #stillHolds(kept: Kept, tenantId: string, callId: string): Promise<boolean> {
    const now = this.#now();
    if (now - kept.checkedAt < freshMs) return true;
    const read = await kept.read.catch(() => undefined);
    if (!read) return false;
    const { page, version } = read;
    if (page.live || kept.readAt - page.endedAt < settledMs) return false;
    const same = version === (await callVersion(this.#store, tenantId, callId));
    if (same) kept.checkedAt = now;
    return same;
  }
}
