/**
 * Who goes through a relay, and who of them shows any trouble: what the relayed have and the others have not is the
 * relay's. A single participant's trouble may be anywhere between it and the SFU.
 */
import type { CallFeatures } from './call.ts';
import type { ConnectionFeatures } from './connection.ts';
import type { DownlinkFeatures } from './downlink.ts';
import type { UplinkFeatures } from './uplink.ts';

export interface RelayFeatures {
  readonly relayed: ReadonlySet<string>;
  /** Of the relayed, those whose links lose, delay or carry less; lower marks than those of a verdict about one. */
  readonly troubled: ReadonlySet<string>;
  /** Of these, those that lose packets or whose estimate fell: delay alone is also what a busy SFU makes. */
  readonly losing: ReadonlySet<string>;
  readonly direct: ReadonlySet<string>;
  readonly directTroubled: ReadonlySet<string>;
}

/** Two of a relay's users show it together: half of what would be asked of one. */
const lossRatio = 0.02;
const estimateFall = 0.25;
const delayRiseMs = 60;
/** A machine that is busy for a moment makes losses of late feedback on all links at once; its receivers miss nothing. */
const missedRatio = 0.01;

export function relayFeatures(
  connections: readonly ConnectionFeatures[],
  downlinks: readonly DownlinkFeatures[],
  uplinks: readonly UplinkFeatures[],
): RelayFeatures {
  const relayed = new Set(connections.filter((c) => c.usesRelay).map((c) => c.participantId));
  const direct = new Set<string>();
  const losing = new Set<string>();
  const late = new Set<string>();
  for (const d of downlinks) {
    if (!relayed.has(d.participantId)) direct.add(d.participantId);
    const missed = Math.max(d.nackedRatio ?? 0, d.clientLoss ?? 0) >= missedRatio;
    const lost = (d.lossNow ?? 0) >= lossRatio && missed;
    if (lost || (d.flowingMs >= 4_000 && (d.bweFall ?? 0) >= estimateFall)) {
      losing.add(d.participantId);
    }
    if (rise(d) >= delayRiseMs) late.add(d.participantId);
  }
  for (const u of uplinks) {
    if ((u.lossNow ?? 0) >= lossRatio || (u.reportedLoss ?? 0) >= lossRatio) losing.add(u.participantId);
    if (rise(u) >= delayRiseMs) late.add(u.participantId);
  }
  const inTrouble = (id: string) => losing.has(id) || late.has(id);
  return {
    relayed,
    direct,
    troubled: new Set([...relayed].filter(inTrouble)),
    losing: new Set([...relayed].filter((id) => losing.has(id))),
    directTroubled: new Set([...direct].filter(inTrouble)),
  };
}

/** Whether a relayed participant's trouble is that of others who go through a relay, too. */
export function atTheRelay(participantId: string, features: CallFeatures): boolean {
  const { relayed, troubled, direct, directTroubled } = features.relay();
  return relayed.has(participantId) && troubled.size >= 2 && 2 * directTroubled.size <= direct.size;
}

const rise = (link: {
  readonly roundTripMs: number | undefined;
  readonly roundTripBeforeMs: number | undefined;
}): number =>
  link.roundTripMs === undefined || link.roundTripBeforeMs === undefined
    ? 0
    : link.roundTripMs - link.roundTripBeforeMs;
