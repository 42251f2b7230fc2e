/** Finding calls: one box, the worst first, page by page. */
import type { FoundCall, FoundCalls } from '../contract.ts';
import { readSql, type Store } from '../store/store.ts';
import { questionOf } from './question.ts';
import { liveMs } from './stored-call.ts';

const findSql = readSql('find.sql');
const severities = ['minor', 'minor', 'moderate', 'severe'] as const;

export interface FindRequest {
  readonly typed: string;
  readonly zoneMinutes: number;
  readonly offset: number;
  readonly limit: number;
  /** Whether calls may be found by what people call themselves. */
  readonly byName: boolean;
}

interface Row extends Omit<FoundCall, 'issues' | 'live'> {
  readonly issues: readonly (readonly [kind: string, rank: number, count: number])[];
  readonly total: number;
}

export async function findCalls(
  store: Store,
  tenantId: string,
  { typed, zoneMinutes, offset, limit, byName }: FindRequest,
  nowMs: number,
): Promise<FoundCalls> {
  const { words, from, to, quality, live, understood } = questionOf(typed, nowMs, zoneMinutes);
  const rows = await store.query<Row>(findSql, {
    tenant: tenantId,
    words,
    from: Math.floor(from),
    to: Math.ceil(to),
    quality,
    live: live ? 1 : 0,
    byName: byName ? 1 : 0,
    now: nowMs,
    offset,
    most: limit,
  });
  const total = rows[0]?.total ?? 0;
  return {
    calls: rows.map(({ total: _, issues, ...call }) => ({
      ...call,
      live: nowMs - call.lastSeenAt < liveMs,
      issues: issues.map(([kind, rank, count]) => ({ kind, severity: severities[rank] ?? 'minor', count })),
    })),
    next: offset + rows.length < total ? String(offset + rows.length) : null,
    understood,
    total,
  };
}
