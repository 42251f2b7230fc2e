/**
 * Statistics objects as browsers give them, and how their members become values of the vocabulary: by the same
 * rules whether a client sends them live or they are read from a recording.
 *
 * Part of the browser bundle, hence without any dependency.
 */
import type { ClientStatsType, Member } from './stats.ts';

/** A stats object: W3C members, and whatever else. */
export type RawStats = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string };

/** The member as the browser has it, or by the name that another browser or an older version uses. */
export function memberReader(type: ClientStatsType, member: string): (stats: RawStats) => unknown {
  const [outer = '', inner] = member.split('.');
  if (inner) {
    return (stats) => (stats[outer] as Record<string, unknown> | null | undefined)?.[inner];
  }
  switch (member) {
    case 'isRemote':
      // Not every browser says it, but the type does.
      return () => type === 'remote-candidate';
    case 'kind':
      // Firefox before 120 and Safari before 14 only have mediaType.
      return (stats) => stats.kind ?? stats.mediaType;
    case 'dataChannelIdentifier':
      // Safari keeps the name of an early draft.
      return (stats) => stats.dataChannelIdentifier ?? stats.datachannelid;
    default:
      return (stats) => stats[member];
  }
}

/** By MemberType. Undefined for what is absent or is not what the vocabulary says: never a guess. */
export function convertMember(member: Member, value: unknown): string | number | boolean | undefined {
  switch (member.type) {
    case 'flag':
      return typeof value === 'boolean' ? value : undefined;
    case 'word':
    case 'id':
      return typeof value === 'string' && value !== '' ? value.slice(0, 256) : undefined;
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  switch (member.type) {
    case 'count':
      return value < 0 ? undefined : Math.round(value);
    case 'signed':
      return Math.round(value);
    case 'seconds':
      return value < 0 ? undefined : roundMicroseconds(value * 1e6);
    case 'gauge':
      return roundGauge(member.member, value);
  }
}

/**
 * Only audio jitter buffers get beyond a day of total delay: they add every sample's (48,000 a second), so that
 * two seconds at 50 ms add 4,800 s, and a step of one second is a five-thousandth of that.
 */
function roundMicroseconds(us: number): number {
  const step = us > 1e11 ? 2 ** 20 : 1;
  return Math.round(us / step) * step;
}

/**
 * Steps finer than these say nothing. All are powers of two, so that the double's last bytes are zero and cost
 * nothing once compressed. Running totals keep a fine step, because readers take differences of them.
 */
const gaugeSteps: Readonly<Record<string, number>> = {
  // Two seconds at -60 dB full scale add 2e-6.
  totalAudioEnergy: 2 ** -20,
  // One frame at 60 per second adds 2.8e-4 s².
  totalSquaredInterFrameDelay: 2 ** -14,
  // -72 dB full scale.
  audioLevel: 2 ** -12,
  // RTCP reports carry 1/256.
  fractionLost: 2 ** -8,
};
/** Frame rates and dB. */
const defaultStep = 2 ** -4;

function roundGauge(name: string, value: number): number {
  const step = gaugeSteps[name] ?? defaultStep;
  // Bit rates and timestamps: whole numbers.
  return Math.abs(value) >= 1000 && step === defaultStep
    ? Math.round(value)
    : Math.round(value / step) * step;
}

/** By the transport's word, else Firefox's own `selected`, else the nominated one that works. */
export function selectedPair(objects: readonly RawStats[]): RawStats | undefined {
  const selectedId = selectedPairId(objects);
  const pairs = objects.filter((stats) => stats.type === 'candidate-pair');
  return (
    pairs.find((pair) => pair.id === selectedId) ??
    pairs.find((pair) => pair.selected === true) ??
    pairs.find((pair) => pair.nominated === true && pair.state === 'succeeded')
  );
}

export function selectedPairId(objects: readonly RawStats[]): unknown {
  return objects.find((stats) => stats.type === 'transport' && stats.selectedCandidatePairId)
    ?.selectedCandidatePairId;
}

/** mediasoup's bandwidth probes: a stream that is received but never played, and would look like a frozen video. */
export function isProbation(stats: RawStats): boolean {
  return stats.mid === 'probator' || stats.trackIdentifier === 'probator';
}
