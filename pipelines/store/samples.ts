/** Reads the samples and events of some calls and hands them out call by call. One query per table, all at once. */

import type { CallSamples, EventSample, Sample, SampleTable } from '../../quality/samples.ts';
import { sampleColumns } from '../../quality/samples.ts';
import { events } from '../../telemetry/events.ts';
import { readSql, type Store } from './store.ts';

export interface CallKey {
  readonly tenant_id: string;
  readonly call_id: string;
}

const allTables = Object.keys(sampleColumns) as SampleTable[];
const sqlOf = new Map(allTables.map((table) => [table, readSql(`samples/${table}.sql`)]));
const eventsSql = readSql('events.sql');

/** What the SFU alone may say: who came and went, whose node was lost, and what became of decisions. */
const sfuEventNames = [
  events.participantJoined,
  events.participantLeft,
  events.callTakenOver,
  events.decisionTaken,
  events.decisionApplied,
  events.decisionLifted,
  events.decisionRefused,
];
/** What a client may say of itself; under the SFU's names it is not believed. */
const clientEventNames = [
  events.iceState,
  events.icePairChanged,
  events.dtlsState,
  events.connectionState,
  events.signalingState,
  events.mediaError,
  events.trackState,
  events.sourceToggled,
  events.visibility,
];

export const keyOf = (call: CallKey): string => `${call.tenant_id}\n${call.call_id}`;

/** Parameters that name calls; ids of calls are unique, so two lists do. */
export const callParameters = (calls: readonly CallKey[]) => ({
  tenants: [...new Set(calls.map((c) => c.tenant_id))],
  calls: calls.map((c) => c.call_id),
});

/**
 * @param span samples within it, what cameras and microphones give from `sourcesFromMs` on where that is earlier;
 *   events from the call's beginning to its end
 * @returns one entry per call, by `keyOf`, whether or not it has samples
 */
export async function readCalls(
  store: Store,
  calls: readonly CallKey[],
  span: { readonly fromMs: number; readonly toMs: number; readonly sourcesFromMs?: number },
): Promise<Map<string, CallSamples>> {
  const named = callParameters(calls);
  const range = { ...named, from: Math.floor(span.fromMs), to: Math.ceil(span.toMs) };
  const sourceRange = { ...range, from: Math.min(range.from, Math.floor(span.sourcesFromMs ?? range.from)) };
  const [eventRows, ...sampleRows] = await Promise.all([
    store.query<EventSample>(eventsSql, { ...named, sfuEventNames, clientEventNames, to: range.to }),
    ...allTables.map((table) =>
      store.query<Sample<SampleTable>>(sqlOf.get(table)!, table === 'media_source' ? sourceRange : range),
    ),
  ]);
  const byCall = new Map(calls.map((call) => [keyOf(call), emptyCall(call)]));
  for (const event of eventRows) byCall.get(keyOf(event))?.events.push(event);
  allTables.forEach((table, index) => {
    for (const row of sampleRows[index]!) {
      const call = byCall.get(keyOf(row));
      if (call) (call[table] as Sample<SampleTable>[]).push(row);
    }
  });
  return byCall as Map<string, CallSamples>;
}

type Growing = { [T in SampleTable]: Sample<T>[] } & {
  tenantId: string;
  callId: string;
  events: EventSample[];
};

const emptyCall = (call: CallKey): Growing => ({
  tenantId: call.tenant_id,
  callId: call.call_id,
  events: [],
  inbound_rtp: [],
  outbound_rtp: [],
  remote_inbound_rtp: [],
  media_source: [],
  candidate_pair: [],
  transport: [],
  sfu_transport: [],
  sfu_producer: [],
  sfu_consumer: [],
});

/** Display name by participant, from the SFU's join events. */
export const namesOf = (samples: CallSamples): Map<string, string> =>
  new Map(
    samples.events
      .filter((e) => e.name === events.participantJoined && e.attributes.display_name)
      .map((e) => [e.participant_id, e.attributes.display_name!]),
  );
