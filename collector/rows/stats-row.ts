/** A statistics sample as a row of its kind's table: attributes to columns, by telemetry/stats.ts. */
import { attributeName } from '../../telemetry/identity.ts';
import { type Member, type MemberType, type StatsKind, statsKindsByEvent } from '../../telemetry/stats.ts';
import type { AnyValue, Attributes } from '../otlp/model.ts';
import { mayHoldAddress, truncateAddresses } from './address.ts';
import { AttributeMap } from './attributes.ts';
import { isIdentityAttribute } from './identity.ts';
import type { Redaction } from './redaction.ts';

type Cell = string | number | boolean;

/** Longest value of a column with few values; longer ones would bloat its dictionary. */
const maxWordLength = 256;
/** Longest id. Fingerprints are the longest, at 95. */
const maxIdLength = 512;

const membersByTable = new Map<string, ReadonlyMap<string, Member>>();
for (const kind of statsKindsByEvent.values()) {
  membersByTable.set(kind.table, new Map(kind.members.map((m) => [attributeName(m.column), m])));
}

/**
 * The columns of a sample. What has no column, and what does not fit its column (text in a counter, a negative
 * counter, NaN), goes to `attributes` as text: a sender's slip costs one value, not the sample.
 */
export function statsColumns(
  kind: StatsKind,
  sample: Attributes,
  redaction: Redaction,
): Record<string, unknown> {
  const members = membersByTable.get(kind.table)!;
  const row: Record<string, unknown> = {};
  const rest = new AttributeMap(redaction);
  for (const [name, value] of sample) {
    const member = members.get(name);
    const cell = member && coerce(member.type, value);
    if (member && cell !== undefined) row[member.column] = shortened(member.column, cell);
    else if (!isIdentityAttribute(name)) rest.set(name, value);
  }
  if (!rest.empty) row.attributes = rest.entries;
  return row;
}

function shortened(column: string, cell: Cell): Cell {
  return typeof cell === 'string' && mayHoldAddress(column) ? truncateAddresses(cell) : cell;
}

/** @returns undefined where the value is not one of the type */
function coerce(type: MemberType, value: AnyValue): Cell | undefined {
  return coercions[type](value);
}

const coercions: Record<MemberType, (value: AnyValue) => Cell | undefined> = {
  count: (value) => {
    if (typeof value === 'bigint') return value >= 0n ? String(value) : undefined;
    return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
  },
  signed: (value) => {
    if (typeof value === 'bigint') return String(value);
    return Number.isSafeInteger(value) ? (value as number) : undefined;
  },
  seconds: (value) => {
    if (typeof value === 'bigint') return value >= 0n ? String(value) : undefined;
    if (typeof value !== 'number' || !(value >= 0) || value > Number.MAX_SAFE_INTEGER) return undefined;
    return Math.round(value);
  },
  gauge: (value) => {
    const number = typeof value === 'bigint' ? Number(value) : value;
    return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
  },
  flag: (value) => (typeof value === 'boolean' ? value : undefined),
  word: (value) => (typeof value === 'string' && value.length <= maxWordLength ? value : undefined),
  id: (value) => (typeof value === 'string' && value.length <= maxIdLength ? value : undefined),
};
