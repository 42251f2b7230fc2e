/** The way a transport's packets take now. */
import type { types as mediasoup } from 'mediasoup-client';
import { type RawStats, selectedPair } from '../../telemetry/browser-stats.ts';
import { peerConnectionOf } from '../sdk/peer-connection.ts';

interface Path {
  readonly usesRelay: boolean;
  /** Of the TURN server; undefined for a path without a relay, or where the browser does not name it. */
  readonly relayUrl: string | undefined;
  readonly bytesReceived: number;
}

/** @returns undefined while there is none */
export async function pathOf(transport: mediasoup.Transport): Promise<Path | undefined> {
  const report = await transport.getStats().catch(() => undefined);
  if (!report) return undefined;
  const pair = selectedPair([...report.values()] as RawStats[]);
  const local = pair && report.get(String(pair.localCandidateId));
  if (!local) return undefined;
  const usesRelay = local.candidateType === 'relay';
  const relayUrl = usesRelay && typeof local.url === 'string' ? local.url : undefined;
  return { usesRelay, relayUrl, bytesReceived: Number(pair.bytesReceived ?? 0) };
}

/**
 * Says whether the path goes over a relay, whenever that may have changed: the SFU sees an address only, which may as
 * well be that of a client.
 *
 * @param tell a rejection is not followed up: the next change is told again
 */
export function tellRelayUse(
  transport: mediasoup.Transport,
  tell: (usesRelay: boolean) => Promise<unknown>,
): void {
  let watched: RTCIceTransport | undefined;
  let told: boolean | undefined;
  const look = async () => {
    const path = await pathOf(transport);
    if (!path || path.usesRelay === told || transport.closed) return;
    told = path.usesRelay;
    await tell(told).catch(() => {
      told = undefined;
    });
  };
  transport.on('connectionstatechange', (state) => {
    if (state !== 'connected') return;
    void look();
    const pc = peerConnectionOf(transport);
    // One for all of them: mediasoup-client bundles (RFC 8843).
    const ice = pc?.getTransceivers()[0]?.sender.transport?.iceTransport;
    if (!ice || ice === watched) return;
    watched = ice;
    ice.addEventListener?.('selectedcandidatepairchange', () => void look());
  });
}
