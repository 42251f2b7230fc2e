/**
 * Reports written as differences: of each object only the members that changed since the report before.
 *
 * Two dialects. The older (fippo's and jitsi's servers): an object that is not in a report is gone; a timestamp
 * that is the report's own is written as 0. The newer (rtcstats file format 3): an object that is not in a report
 * did not change, one that is null is gone, a timestamp that is the report's own is left out, and names of members
 * and types are numbers by a fixed table.
 */
import type { RawStats } from '../../telemetry/browser-stats.ts';
import { memberName, typeName } from './format-3.ts';
import { record } from './happenings.ts';

export type Dialect = 'jitsi' | 'format-3';

type Members = Record<string, unknown>;

/** The last report of one connection, whole. Changes with every report. */
export class BaseReport {
  readonly #dialect: Dialect;
  readonly #objects = new Map<string, Members>();

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  get size(): number {
    return this.#objects.size;
  }

  /** @returns all objects of the report; they change with the next one. */
  apply(delta: Readonly<Record<string, unknown>>): RawStats[] {
    const format3 = this.#dialect === 'format-3';
    const reportTime = format3 ? (delta.t ?? delta.timestamp) : delta.timestamp;
    for (const [id, change] of Object.entries(delta)) {
      if (change === null) this.#objects.delete(id);
      if (typeof change !== 'object' || change === null || Array.isArray(change)) continue;
      const known = this.#objects.get(id) ?? { id };
      this.#objects.set(id, known);
      for (const [name, value] of Object.entries(change))
        merge(known, format3 ? memberName(name) : name, value);
      if (format3) known.type = typeName(known.type);
    }
    if (!format3) {
      for (const id of this.#objects.keys()) if (!Object.hasOwn(delta, id)) this.#objects.delete(id);
    }
    const objects: RawStats[] = [];
    for (const [id, members] of this.#objects) {
      if (typeof members.type !== 'string') continue;
      const told = record(delta[id]);
      const own = format3 ? (told.t ?? told.timestamp) : told.timestamp;
      if (!own) members.timestamp = reportTime;
      objects.push(members as RawStats);
    }
    return objects;
  }
}

/** Not into what prototypes are made of. */
function merge(into: Members, name: string, value: unknown): void {
  if (name === '__proto__' || name === 'id') return;
  const before = into[name];
  const nested = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (nested && typeof before === 'object' && before !== null) {
    into[name] = Object.fromEntries([...Object.entries(before), ...Object.entries(value)].slice(0, 50));
  } else into[name] = value;
}
