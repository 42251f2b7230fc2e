/**
 * One getStats report to log records, by the vocabulary of telemetry/stats.ts.
 *
 * Streams, sources, transports and the pair in use go out with every sample; what hardly changes (codecs,
 * candidates, certificates, other pairs, data channels) when it is new or different. Every number the browser
 * gave stands in every row, changed or not, so that a row can be read alone. Only members that describe an
 * object (`describing` below: its codec, cipher, track …) wait until they change, or five minutes: read the last
 * one that is not empty.
 */
import { convertMember, isProbation, memberReader, type RawStats } from '../../telemetry/browser-stats.ts';
import { attributeName } from '../../telemetry/identity.ts';
import { type ClientStatsType, clientStats, type Member } from '../../telemetry/stats.ts';
import { truncateAddress, truncateAddresses } from './addresses.ts';
import type { AttributeValue } from './contract.ts';
import type { LogRecord } from './otlp.ts';

/** Ids of mediasoup objects for one stats object. */
export interface MediaIds {
  readonly producerId?: string;
  readonly consumerId?: string;
}

/**
 * What makes a slow object worth sending again. Counters are not among these members: those of a pair that is
 * not in use only count connectivity checks.
 */
const changeMembers: Partial<Record<ClientStatsType, readonly string[]>> = {
  codec: ['mimeType', 'payloadType', 'sdpFmtpLine'],
  'local-candidate': ['candidateType', 'address', 'networkType', 'url'],
  'remote-candidate': ['candidateType', 'address'],
  certificate: ['fingerprint'],
  'candidate-pair': ['state', 'nominated'],
  'data-channel': ['state', 'messagesSent', 'messagesReceived'],
  'peer-connection': ['dataChannelsOpened', 'dataChannelsClosed'],
};

/**
 * Members of every-sample kinds that name or describe the object and hardly ever change. They are a quarter of
 * a sample's compressed bytes (certificate fingerprints, track ids), hence not in every row.
 */
const describing = new Set(
  (
    'mid trackIdentifier codecId remoteId mediaSourceId localId encoderImplementation decoderImplementation ' +
    'powerEfficientDecoder powerEfficientEncoder scalabilityMode encodingIndex dtlsCipher tlsVersion srtpCipher ' +
    'iceRole dtlsRole localCertificateId remoteCertificateId localCandidateId remoteCandidateId ' +
    'selectedCandidatePairId transportId'
  ).split(' '),
);
/** Unchanged descriptions are repeated this often, for readers that do not have the beginning of the call. */
export const DESCRIBE_AGAIN_MS = 300_000;

/** Data channels count messages, so they are looked at, though only sent when used. */
export function isEverySample({ type }: RawStats): boolean {
  return type === 'data-channel' || (Object.hasOwn(clientStats, type) && !Object.hasOwn(changeMembers, type));
}

/** The order in one sample. Equal kinds stand together, which is what makes gzip find them. */
const kindOrder = Object.keys(clientStats) as ClientStatsType[];

/** Remembers what of slow objects and descriptions was sent. One per peer connection. */
export class Announced {
  private readonly sent = new Map<string, string>();
  private readonly described = new Map<string, { text: string; atMs: number }>();

  isNews(stats: RawStats, members: readonly string[]): boolean {
    const state = members.map((member) => stats[member]).join('|');
    const key = stats.type + stats.id;
    if (this.sent.get(key) === state) return false;
    this.sent.set(key, state);
    return true;
  }

  mustDescribe(statId: string, text: string, nowMs: number): boolean {
    const known = this.described.get(statId);
    if (known?.text === text && nowMs - known.atMs < DESCRIBE_AGAIN_MS) return false;
    this.described.set(statId, { text, atMs: nowMs });
    return true;
  }

  /** After data was lost: everything is news again. */
  forget(): void {
    this.sent.clear();
    this.described.clear();
  }
}

export function convertReport(
  objects: readonly RawStats[],
  timeMs: number,
  selectedPairId: string | undefined,
  announced: Announced,
  idsOf: (stats: RawStats) => MediaIds | undefined,
): LogRecord[] {
  const records: LogRecord[] = [];
  for (const type of kindOrder) {
    for (const stats of objects) {
      if (stats.type !== type || isProbation(stats)) continue;
      const members = changeMembers[type];
      const everySample = !members || stats.id === selectedPairId;
      if (!everySample && !announced.isNews(stats, members)) continue;
      records.push(convertStats(type, stats, timeMs, idsOf(stats), everySample ? announced : undefined));
    }
  }
  return records;
}

/** Every member, or with `announced` without descriptions that are already known. */
export function convertStats(
  type: ClientStatsType,
  stats: RawStats,
  timeMs: number,
  ids?: MediaIds,
  announced?: Announced,
): LogRecord {
  const attributes: [string, AttributeValue][] = [[STAT_ID, stats.id]];
  if (ids?.producerId) attributes.push([PRODUCER_ID, ids.producerId]);
  if (ids?.consumerId) attributes.push([CONSUMER_ID, ids.consumerId]);
  const descriptions: [string, AttributeValue][] = [];
  let text = '';
  for (const plan of plans[type]) {
    const raw = plan.read(stats);
    if (raw === undefined) continue;
    const value = convertMember(plan.member, raw);
    if (value === undefined) continue;
    if (plan.describes) {
      descriptions.push([plan.key, value]);
      text += `${value}|`;
    } else attributes.push([plan.key, value]);
  }
  if (!announced || (text && announced.mustDescribe(type + stats.id, text, timeMs))) {
    attributes.push(...descriptions);
  }
  return { eventName: clientStats[type].event, timeMs, attributes };
}

const STAT_ID = attributeName('stat_id');
const PRODUCER_ID = attributeName('producer_id');
const CONSUMER_ID = attributeName('consumer_id');

interface MemberPlan {
  readonly member: Member;
  readonly key: string;
  readonly describes: boolean;
  readonly read: (stats: RawStats) => unknown;
}

/** Worked out once, because a sample of one participant reads a thousand members. */
const plans = Object.fromEntries(
  kindOrder.map((type) => [
    type,
    clientStats[type].members.map(
      (member: Member): MemberPlan => ({
        member,
        key: attributeName(member.column),
        describes: describing.has(member.member),
        read: reader(type, member.member),
      }),
    ),
  ]),
) as Record<ClientStatsType, MemberPlan[]>;

/** Addresses are cut before they leave the browser. */
function reader(type: ClientStatsType, member: string): (stats: RawStats) => unknown {
  switch (member) {
    case 'address':
      return (stats) => truncateAddress(String(stats.address ?? stats.ip ?? ''));
    case 'url':
      return (stats) => typeof stats.url === 'string' && truncateAddresses(stats.url);
    default:
      return memberReader(type, member);
  }
}
