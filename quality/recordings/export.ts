/**
 * Our own recordings: rows of the store as JSON lines (docs/recordings.md).
 *
 * A line of `{"callscope":"export","version":1,...}`, then a row a line: `table` names the table, the rest are its
 * columns by their names, absent where nothing is known. Times are epoch milliseconds. Tables and columns that
 * judgement does not read may stand there too: it is the call's whole record, not only what is judged today.
 */
import { z } from 'zod';
import { events } from '../../telemetry/events.ts';
import type { DecisionRow } from '../../telemetry/rows.ts';
import { decisionKinds } from '../../telemetry/rows.ts';
import { type CallSamples, type EventSample, type SampleTable, sampleColumns } from '../samples.ts';
import { parseJson } from './json.ts';
import { isTime, type Recorder } from './recorder.ts';
import type { PairChange, StateOf } from './recording.ts';
import { isResultTable, type RecordedResults, resultSchemas, resultTables } from './results.ts';
import { type AnySample, sampleTables, unknownColumns } from './rows.ts';
import type { LineReader } from './rtcstats.ts';

const version = 1;

const headerSchema = z.looseObject({
  callscope: z.literal('export'),
  version: z.literal(version),
  tenant_id: z.string().default(''),
  call_id: z.string().default(''),
});

const time = z.number().refine(isTime, 'no epoch milliseconds');
/** 64-bit integers may stand in quotes, as ClickHouse writes them. */
const numeric = z.union([
  z.number(),
  z
    .string()
    .regex(/^-?\d{1,20}$/)
    .transform(Number),
]);
const word = z.string().max(512).default('');

const identity = {
  tenant_id: word,
  call_id: word,
  participant_id: word,
  session_id: word,
  sfu_node_id: word,
  transport_id: word,
  producer_id: word,
  consumer_id: word,
  stat_id: word,
  time,
};

const isFlag = (table: SampleTable, column: string): boolean =>
  (sampleColumns[table].flag as readonly string[]).includes(column);

const sampleSchemas = new Map(
  sampleTables.map((table) => {
    const columns = unknownColumns(table).map(([column, unknown]) => {
      if (unknown === '') return [column, word];
      return [
        column,
        isFlag(table, column) ? z.boolean().nullable().default(null) : numeric.nullable().default(null),
      ];
    });
    return [
      `rtc_stats_${table}`,
      { table, schema: z.object({ ...identity, ...Object.fromEntries(columns) }) },
    ];
  }),
);

const eventSchema = z.object({
  tenant_id: word,
  call_id: word,
  participant_id: word,
  transport_id: word,
  producer_id: word,
  consumer_id: word,
  name: z.string().max(200),
  time,
  attributes: z.record(z.string().max(200), z.string().max(4_000)).default({}),
});

const decisionSchema = z.object({
  tenant_id: word,
  call_id: word,
  decision_id: z.string(),
  incident_id: word,
  kind: z.enum(decisionKinds),
  participant_id: z.string(),
  sfu_node_id: word,
  params: jsonText(),
  reason: word,
  evidence: jsonText(),
  confidence: z.number().default(0),
  ttl_ms: z.number(),
  decided_at: time,
  sent_at: time,
  applied_at: time.nullable().default(null),
  lifted_at: time.nullable().default(null),
  lift_reason: word,
  outcome: z.enum(['', 'better', 'same', 'worse', 'unknown']).default(''),
  outcome_evidence: z.string().default(''),
  revision: z.number().default(1),
});

export function exportReader(recorder: Recorder): LineReader {
  let begun = false;

  function header(value: unknown): void {
    const parsed = headerSchema.safeParse(value);
    if (!parsed.success) recorder.fail(`no header of an export: ${issueOf(parsed.error)}`);
    recorder.tenantId = parsed.data.tenant_id;
    recorder.callId = parsed.data.call_id;
    begun = true;
  }

  function row(value: Readonly<Record<string, unknown>>): void {
    const { table } = value;
    if (typeof table !== 'string') recorder.fail('a row without the name of its table');
    const samples = sampleSchemas.get(table);
    if (samples) recorder.addSample(samples.table, parsed(samples.schema, value) as unknown as AnySample);
    else if (table === 'rtc_event') takeEvent(recorder, parsed(eventSchema, value));
    else if (table === 'decision') recorder.decisions.push(parsed(decisionSchema, value) as DecisionRow);
    else if (isResultTable(table)) recorder.addResult(table, parsed(resultSchemas[table], value) as never);
    else recorder.warn(`rows of the table ${JSON.stringify(table.slice(0, 60))} are not judged`);
  }

  function parsed<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
    const result = schema.safeParse(value);
    return result.success ? result.data : recorder.fail(issueOf(result.error));
  }

  return {
    line(text, number) {
      recorder.place = { line: number };
      if (text.trim() === '') return;
      const value = parseJson(text, number);
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        recorder.fail('something else than an object, where a row should stand');
      }
      if (begun) row(value as Record<string, unknown>);
      else header(value);
    },
    end() {
      if (!begun) recorder.fail('an export without a header');
    },
  };
}

/** State changes stand among the events; each transport is a connection. */
function takeEvent(recorder: Recorder, event: EventSample): void {
  recorder.addEvent(event);
  const of = stateOf[event.name];
  if (event.transport_id === '' || (of === undefined && event.name !== events.icePairChanged)) return;
  const connection = recorder.connection(event.transport_id, event.participant_id);
  connection.participantId ||= event.participant_id;
  if (of !== undefined) connection.states.push({ time: event.time, of, state: event.attributes.state ?? '' });
  else connection.pairs.push(pairOf(event));
}

const stateOf: Partial<Record<string, StateOf>> = {
  [events.connectionState]: 'connection',
  [events.iceState]: 'ice',
  [events.iceGatheringState]: 'gathering',
  [events.dtlsState]: 'dtls',
};

const pairOf = ({ time: at, attributes }: EventSample): PairChange => ({
  time: at,
  localType: attributes.local_type ?? '',
  remoteType: attributes.remote_type ?? '',
  protocol: attributes.protocol ?? '',
  relayProtocol: attributes.relay_protocol ?? '',
});

/** The lines of an export; each ends without a newline. */
export function* exportLines(
  samples: CallSamples,
  decisions: readonly DecisionRow[] = [],
  exportedAtMs?: number,
  results?: RecordedResults,
): Generator<string> {
  yield exportHeader(samples.tenantId, samples.callId, exportedAtMs);
  for (const table of sampleTables) {
    for (const row of samples[table as SampleTable]) yield rowLine(`rtc_stats_${table}`, row);
  }
  for (const event of samples.events) yield rowLine('rtc_event', event);
  for (const decision of decisions) yield rowLine('decision', decision);
  for (const table of results ? resultTables : []) {
    for (const row of results![table]) yield rowLine(table, row);
  }
}

/** The first line; without a newline. */
export const exportHeader = (tenantId: string, callId: string, exportedAtMs?: number): string =>
  JSON.stringify({
    callscope: 'export',
    version,
    tenant_id: tenantId,
    call_id: callId,
    ...(exportedAtMs !== undefined && { exported_at: exportedAtMs }),
  });

/** A row as a line, without a newline: nothing for what is not known. */
export const rowLine = (table: string, row: object): string =>
  JSON.stringify({ table, ...row }, (_, value: unknown) =>
    value === null || value === '' ? undefined : value,
  );

function issueOf(error: z.ZodError): string {
  const issue = error.issues[0]!;
  const column = issue.path.length > 0 ? `column ${JSON.stringify(issue.path.join('.').slice(0, 60))}: ` : '';
  return `${column}${issue.message}`;
}

/** Text that others parse again. */
function jsonText() {
  return z
    .string()
    .default('{}')
    .refine((text) => {
      try {
        const value: unknown = JSON.parse(text || '{}');
        return typeof value === 'object' && value !== null;
      } catch {
        return false;
      }
    }, 'no JSON object in a text');
}
