/**
 * Who and what a record is about. These travel as OTLP attributes (`rtc.` + column), on the resource where
 * they are the same for all of a sender's records, and stand in every raw table as columns of the same name.
 * For clients the collector takes tenant, call and participant from the signed token, whatever the payload says.
 */
export const identityColumns = [
  /** Customer of the deployment; the outermost boundary of access. */
  'tenant_id',
  /** One occupancy of a room, from the first participant in to the last one out. */
  'call_id',
  /** The room's name, chosen by the application. */
  'room_id',
  'participant_id',
  /** One life of a client's telemetry: a page load. Counters start anew with each. */
  'session_id',
  /** The SFU node that wrote the record, or that the client is on. */
  'sfu_node_id',
  /** The SFU transport, which is also the client's peer connection: the id both sides know. */
  'transport_id',
  'producer_id',
  'consumer_id',
  /** The W3C stats object id (unique within session and transport); empty for SFU kinds. */
  'stat_id',
] as const;

export type IdentityColumn = (typeof identityColumns)[number];

export const attributePrefix = 'rtc.';

/** OTLP attribute name of a column. */
export const attributeName = (column: string): string => attributePrefix + column;

/** What a resource may say beside identity. */
export const resourceAttributes = {
  /** Client clock to server clock, ms to add to client time; measured over the signaling socket. */
  clockOffsetMs: 'rtc.clock_offset_ms',
  /** Client clock when the batch left, epoch ms; the collector's fallback where no offset was measured. */
  sentAtMs: 'rtc.sent_at_ms',
  /** `client`, `sfu`, `turn`, `pipelines`, `collector`. */
  source: 'rtc.source',
} as const;
