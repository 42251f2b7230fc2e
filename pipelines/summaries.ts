/** Participant and call summaries, computed where the scores are: one statement each, no rows travel. */
import { type CallKey, callParameters } from './store/samples.ts';
import { readSql, type Store } from './store/store.ts';

const participantSql = readSql('participant-summary.sql');
const callSql = readSql('call-summary.sql');

/**
 * A summary reads its whole call, and costs as much as scoring a window: every window of the first 20 s, then every
 * fourth; and the last one of a call, known by no samples in the window after it.
 */
const youngMs = 20_000;
const rareEvery = 4;

const spansSql = readSql('call-spans.sql');

export async function summarise(store: Store, calls: readonly CallKey[], windowStart: number): Promise<void> {
  const spans = await store.query<CallKey & { first_window: number; last_window: number }>(spansSql, {
    ...callParameters(calls),
    before: windowStart + 60_000,
  });
  const due = spans.filter(
    ({ first_window, last_window }) =>
      windowStart - first_window < youngMs ||
      last_window <= windowStart ||
      Math.floor(windowStart / 5_000) % rareEvery === 0,
  );
  if (due.length === 0) return;
  const named = callParameters(due);
  await store.command(participantSql, named);
  await store.command(callSql, named);
}
