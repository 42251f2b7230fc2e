/** Log records to rows: samples to the tables of their kinds, every other record to `rtc_event`. */
import { sfuStats, statsKindsByEvent } from '../../telemetry/stats.ts';
import type { Attributes, Batch, LogRecord } from '../otlp/model.ts';
import { AttributeMap } from './attributes.ts';
import { correctedTime, type SenderClock, senderClock, storableTime } from './clock.ts';
import {
  type Identity,
  isIdentityAttribute,
  isSenderAttribute,
  recordIdentity,
  senderIdentity,
  sourceOf,
  type Writer,
} from './identity.ts';
import type { Redaction } from './redaction.ts';
import type { RowSink } from './row-set.ts';
import { statsColumns } from './stats-row.ts';

const maxNameLength = 256;

/** Kinds that only the SFU measures; a client that sends them is mistaken or lying. */
const sfuEvents = new Set<string>(Object.values(sfuStats).map((kind) => kind.event));
export const isSfuEvent = (name: string): boolean => sfuEvents.has(name);

/** Where SDKs put the event's name before LogRecord had a field for it. */
const legacyNameAttribute = 'event.name';

/** What every OpenTelemetry SDK says of itself: of no use in a call's story. */
const sdkPrefix = 'telemetry.sdk.';

export function logRows(
  batches: readonly Batch<LogRecord>[],
  writer: Writer,
  receivedAtMs: number,
  rows: RowSink,
): void {
  for (const { resource, records } of batches) {
    const sender = logSender(writer, resource, receivedAtMs);
    for (const record of records) logRow(sender, record, rows);
  }
}

/** What is the same for all records of a resource. */
export interface LogSender {
  readonly writer: Writer;
  readonly resource: Attributes;
  readonly identity: Identity;
  readonly source: string;
  readonly clock: SenderClock;
  readonly receivedAtMs: number;
}

export function logSender(writer: Writer, resource: Attributes, receivedAtMs: number): LogSender {
  return {
    writer,
    resource,
    identity: senderIdentity(writer, resource),
    source: sourceOf(writer, resource),
    clock: senderClock(resource),
    receivedAtMs,
  };
}

export function logRow(sender: LogSender, record: LogRecord, rows: RowSink): void {
  const { writer, source, clock, receivedAtMs } = sender;
  const identity = recordIdentity(writer, sender.identity, record.attributes);
  const clientTimeMs = record.timeMs || record.observedTimeMs || receivedAtMs;
  const common = {
    ...identity,
    time: correctedTime(clientTimeMs, clock, receivedAtMs),
    client_time: storableTime(clientTimeMs),
    received_at: receivedAtMs,
  };
  const name = eventName(record);
  const kind = statsKindsByEvent.get(name);
  if (!kind) {
    const attributes = eventAttributes(sender, record, rows.redaction);
    rows.add('rtc_event', { ...common, name, source, attributes: attributes.entries });
  } else if (writer.kind === 'participant' && isSfuEvent(name)) {
    rows.refuse('sfu_event_of_client', `${name} is measured by the SFU, not by clients`);
  } else if (!identity.call_id) {
    rows.refuse('no_call_id', `${name} without rtc.call_id`);
  } else {
    rows.add(kind.table, { ...common, ...statsColumns(kind, record.attributes, rows.redaction) });
  }
}

function eventName(record: LogRecord): string {
  if (record.eventName !== '') return record.eventName.slice(0, maxNameLength);
  const legacy = record.attributes.get(legacyNameAttribute);
  return typeof legacy === 'string' ? legacy.slice(0, maxNameLength) : '';
}

/** Facts about the sender (browser, service) stand beside the event's own; samples do without them. */
function eventAttributes(
  { writer, resource }: LogSender,
  record: LogRecord,
  redaction: Redaction,
): AttributeMap {
  const attributes = new AttributeMap(redaction);
  attributes.setAll(record.attributes, (name) => isIdentityAttribute(name) || name === legacyNameAttribute);
  if (record.body !== null) attributes.set('body', record.body);
  for (const [name, value] of resource) {
    if (isSenderAttribute(name) || name.startsWith(sdkPrefix) || record.attributes.has(name)) continue;
    attributes.set(name, value);
  }
  if (writer.kind === 'participant' && writer.about) {
    for (const name in writer.about) if (!attributes.has(name)) attributes.set(name, writer.about[name]!);
  }
  return attributes;
}
