/**
 * Who a row is about. A server is trusted to say; of a participant the token says tenant, room, call and
 * participant, so that nobody can write into another's call.
 */
import {
  attributeName,
  type IdentityColumn,
  identityColumns,
  resourceAttributes,
} from '../../telemetry/identity.ts';
import type { TelemetryClaims } from '../../telemetry/tokens.ts';
import type { AnyValue, Attributes } from '../otlp/model.ts';

export type Writer =
  | {
      readonly kind: 'server';
      /** Of a key that is one tenant's: it writes for no other, whatever it says. */
      readonly tenantId?: string | undefined;
    }
  | {
      readonly kind: 'participant';
      readonly claims: TelemetryClaims;
      /** What is known of it beside what it says, as attributes of its events. */
      readonly about?: Readonly<Record<string, string>> | undefined;
    };

export type Identity = { [column in IdentityColumn]?: string };

/** Tenant of trusted writers that name none: a deployment of one customer needs none. */
export const defaultTenant = 'default';

/** Longest id kept, characters; those of tokens are shorter anyway. */
export const maxIdLength = 256;

/** OTLP attribute name -> column. */
const identityAttributes: ReadonlyMap<string, IdentityColumn> = new Map(
  identityColumns.map((column) => [attributeName(column), column]),
);

/** Attributes of records and resources that have columns of their own in every table. */
export const isIdentityAttribute = (name: string): boolean => identityAttributes.has(name);

/**
 * What a resource says of who, when and whence. On a record `rtc.source` is another thing: the media source of a
 * producer or of an event.
 */
const senderAttributes = new Set<string>([
  ...identityAttributes.keys(),
  ...Object.values(resourceAttributes),
]);
export const isSenderAttribute = (name: string): boolean => senderAttributes.has(name);

/** What the resource says, for all of its records. */
export function senderIdentity(writer: Writer, resource: Attributes): Identity {
  const identity: Identity = writer.kind === 'server' ? { tenant_id: defaultTenant } : {};
  readIdentity(resource, identity);
  return authorised(identity, writer);
}

/** The sender's identity, made more precise by what the record says. */
export function recordIdentity(writer: Writer, sender: Identity, record: Attributes): Identity {
  const identity = { ...sender };
  readIdentity(record, identity);
  return authorised(identity, writer);
}

const participantColumns: ReadonlySet<string> = new Set([
  'tenant_id',
  'room_id',
  'call_id',
  'participant_id',
]);
const tenantColumns: ReadonlySet<string> = new Set(['tenant_id']);
const noColumns: ReadonlySet<string> = new Set();

/** Columns that the writer's token or key says, whatever its records do. */
export function columnsOfToken(writer: Writer): ReadonlySet<string> {
  if (writer.kind === 'participant') return participantColumns;
  return writer.tenantId === undefined ? noColumns : tenantColumns;
}

/** `client` for participants whatever they say: events of the SFU cannot be forged. */
export function sourceOf(writer: Writer, resource: Attributes): string {
  return writer.kind === 'participant'
    ? 'client'
    : idText(resource.get(resourceAttributes.source)).slice(0, 64);
}

function readIdentity(attributes: Attributes, into: Identity): void {
  for (const [name, column] of identityAttributes) {
    const value = attributes.get(name);
    if (value === undefined) continue;
    const text = idText(value);
    if (text !== '') into[column] = text;
  }
}

function authorised(identity: Identity, writer: Writer): Identity {
  if (writer.kind === 'server') {
    if (writer.tenantId !== undefined) identity.tenant_id = writer.tenantId;
    return identity;
  }
  const { tenantId, roomId, callId, participantId } = writer.claims;
  identity.tenant_id = tenantId;
  identity.room_id = roomId;
  identity.call_id = callId;
  identity.participant_id = participantId;
  return identity;
}

function idText(value: AnyValue | undefined): string {
  if (typeof value === 'string') return value.slice(0, maxIdLength);
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : '';
}
