/**
 * Judges calls that were played before again, with the detectors as they are now, from the samples that stayed in
 * the store: minutes of calls in seconds, for whoever fits a detector. Scores of it are no scoreboard: when a thing is
 * found is reckoned here, not measured.
 *
 * A moment sees what had been received by then, as the pipelines did; only how long a batch takes from the collector
 * into the table, and a verdict into its row, is taken as fixed.
 */
import path from 'node:path';
import { type CallKey, keyOf, namesOf, readCalls } from '../pipelines/store/samples.ts';
import { Store } from '../pipelines/store/store.ts';
import { detectEveryMs } from '../pipelines/worklist.ts';
import { callFeatures } from '../quality/features/call.ts';
import { followIncidents } from '../quality/incidents.ts';
import { joinPaths } from '../quality/paths.ts';
import { type CallSamples, type Sample, type SampleTable, sampleColumns } from '../quality/samples.ts';
import { startClickHouse } from '../runtime/embedded/clickhouse.ts';
import type { IncidentRow } from '../telemetry/rows.ts';
import type { FoundIncident, RunRow } from './row.ts';

/** From the collector's receipt until a query finds the row; and from the look to the written verdict. */
const storeMs = 300;
const judgeMs = 150;
/** Before the media flowed: joins are judged too. */
const beforeMs = 12_000;

const tables = Object.keys(sampleColumns) as SampleTable[];

/**
 * @param dataDir the stack's, in which the rows were played
 * @returns the rows with what is found now; a row whose samples are gone is left out
 * @throws EmbeddedError when the store cannot be started
 */
export async function rejudge(
  rows: readonly RunRow[],
  dataDir: string,
  onRow: (row: RunRow) => void,
  signal: AbortSignal,
): Promise<RunRow[]> {
  const clickhouse = await startClickHouse({ dataDir: path.join(dataDir, 'clickhouse'), signal });
  const store = new Store(clickhouse.url, 'patient');
  try {
    const judged: RunRow[] = [];
    for (const row of rows) {
      signal.throwIfAborted();
      const again = await judgeAgain(row, store);
      if (!again) continue;
      judged.push(again);
      onRow(again);
    }
    return judged;
  } finally {
    await store.close();
    await clickhouse.stop();
  }
}

async function judgeAgain(row: RunRow, store: Store): Promise<RunRow | undefined> {
  const onsetAtMs = Date.parse(row.date);
  const span = {
    fromMs: onsetAtMs + row.readyMs - beforeMs,
    toMs: onsetAtMs + row.endMs,
  };
  const found: IncidentRow[] = [];
  let known = false;
  for (const callId of row.callIds) {
    const call: CallKey = { tenant_id: 'default', call_id: callId };
    const samples = (await readCalls(store, [call], span)).get(keyOf(call))!;
    if (tables.every((table) => samples[table].length === 0)) continue;
    known = true;
    const receivedAt = await receipts(store, callId, span);
    found.push(...incidentsOf(samples, receivedAt, span));
  }
  return known ? { ...row, found: found.map((incident) => asFound(incident, row, onsetAtMs)) } : undefined;
}

type Receipts = ReadonlyMap<string, number>;
const receiptKey = (table: string, participantId: string, time: number) =>
  `${table} ${participantId} ${time}`;

async function receipts(
  store: Store,
  callId: string,
  span: { fromMs: number; toMs: number },
): Promise<Receipts> {
  const found = await Promise.all(
    tables.map((table) =>
      store.query<{ participant_id: string; at: number; received: number }>(
        `SELECT participant_id, toUnixTimestamp64Milli(time) AS at, max(toUnixTimestamp64Milli(received_at)) AS received
         FROM rtc_stats_${table} WHERE call_id = {call:String} GROUP BY participant_id, at`,
        { call: callId, ...span },
      ),
    ),
  );
  return new Map(
    found.flatMap((rows, i) =>
      rows.map(({ participant_id, at, received }) => [receiptKey(tables[i]!, participant_id, at), received]),
    ),
  );
}

function incidentsOf(
  samples: CallSamples,
  receivedAt: Receipts,
  span: { fromMs: number; toMs: number },
): IncidentRow[] {
  const names = namesOf(samples);
  const incidents = new Map<string, IncidentRow>();
  // On the clock's full seconds, not in step with the onset: a fault may come at any time between two looks.
  const firstMs = Math.ceil(span.fromMs / detectEveryMs) * detectEveryMs;
  for (let atMs = firstMs; atMs <= span.toMs; atMs += detectEveryMs) {
    const visible = visibleAt(samples, receivedAt, atMs - storeMs);
    const paths = joinPaths(visible);
    if (paths.links.length === 0) continue;
    const { tenantId, callId, events } = visible;
    const features = callFeatures(paths, events, { tenantId, callId, atMs, decisions: [] });
    for (const changed of followIncidents(features, [...incidents.values()], names)) {
      incidents.set(changed.incident_id, changed);
    }
  }
  return [...incidents.values()];
}

function visibleAt(samples: CallSamples, receivedAt: Receipts, untilMs: number): CallSamples {
  const seen = (table: SampleTable) =>
    (samples[table] as readonly Sample<SampleTable>[]).filter(
      ({ participant_id, time }) =>
        (receivedAt.get(receiptKey(table, participant_id, time)) ?? time) <= untilMs,
    );
  return {
    ...samples,
    events: samples.events.filter(({ time }) => time <= untilMs),
    ...Object.fromEntries(tables.map((table) => [table, seen(table)])),
  };
}

function asFound(incident: IncidentRow, row: RunRow, onsetAtMs: number): FoundIncident {
  const seatOf = (id: string) => {
    const seat = row.seats.findIndex((ids) => ids.includes(id));
    return seat < 0 ? null : seat;
  };
  const since = (atMs: number) => Math.round(atMs - onsetAtMs);
  return {
    kind: incident.kind,
    detector: incident.detector,
    hop: incident.hop,
    seat: seatOf(incident.participant_id),
    severity: incident.severity,
    confidence: incident.confidence,
    startedMs: since(incident.started_at),
    detectedMs: since(incident.detected_at + judgeMs),
    endedMs: incident.ended_at === null ? null : since(incident.ended_at),
    affected: incident.affected.map(seatOf).filter((seat) => seat !== null),
    evidence: incident.evidence,
    sentence: incident.sentence,
  };
}
