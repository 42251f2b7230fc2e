/**
 * Which producer or consumer a stats object belongs to. Browsers know nothing of mediasoup's ids, so objects are
 * matched by mid, then SSRC, then track; what hangs on an rtp stream (source, remote report) follows it.
 */
import type { RawStats } from '../../telemetry/browser-stats.ts';
import type { BoundConsumer, BoundMedia } from './contract.ts';
import type { MediaIds } from './convert.ts';

export interface Binding {
  readonly media: BoundMedia | BoundConsumer;
  readonly role: 'producer' | 'consumer';
}

/** Ids by stats object id, for one report of one peer connection. */
export function matchMedia(
  objects: readonly RawStats[],
  bindings: readonly Binding[],
): ReadonlyMap<string, MediaIds> {
  const ids = new Map<string, MediaIds>();
  if (bindings.length === 0) return ids;
  const tracks = new Map(objects.map((stats) => [stats.id, stats.trackIdentifier]));
  for (const stats of objects) {
    const role =
      stats.type === 'outbound-rtp' ? 'producer' : stats.type === 'inbound-rtp' ? 'consumer' : undefined;
    if (!role) continue;
    const found = findBinding(
      stats,
      // Outbound streams name their track only through their source.
      stats.trackIdentifier ?? tracks.get(String(stats.mediaSourceId)),
      bindings.filter((binding) => binding.role === role),
    );
    if (!found) continue;
    const mediaIds = idsOf(found);
    ids.set(stats.id, mediaIds);
    if (typeof stats.mediaSourceId === 'string') ids.set(stats.mediaSourceId, mediaIds);
    if (typeof stats.remoteId === 'string') ids.set(stats.remoteId, mediaIds);
  }
  // Not every browser has remoteId and mediaSourceId.
  for (const stats of objects) {
    if (ids.has(stats.id)) continue;
    const local = typeof stats.localId === 'string' ? ids.get(stats.localId) : undefined;
    if (local) ids.set(stats.id, local);
    else if (stats.type === 'media-source') {
      const source = bindings.find((b) => b.role === 'producer' && hasTrack(b, stats.trackIdentifier));
      if (source) ids.set(stats.id, idsOf(source));
    }
  }
  return ids;
}

function findBinding(
  stats: RawStats,
  trackIdentifier: unknown,
  candidates: readonly Binding[],
): Binding | undefined {
  const byMid = candidates.filter(
    ({ media }) => stats.mid !== undefined && media.rtpParameters.mid === stats.mid,
  );
  // Two send transports both have a mid "0": then SSRC or track must tell.
  if (byMid.length === 1) return byMid[0];
  const rest = byMid.length ? byMid : candidates;
  return (
    rest.find(({ media }) =>
      media.rtpParameters.encodings?.some(({ ssrc }) => ssrc !== undefined && ssrc === stats.ssrc),
    ) ?? rest.find((binding) => hasTrack(binding, trackIdentifier))
  );
}

function hasTrack({ media }: Binding, trackIdentifier: unknown): boolean {
  return typeof trackIdentifier === 'string' && media.track?.id === trackIdentifier;
}

function idsOf({ media, role }: Binding): MediaIds {
  if (role === 'producer') return { producerId: media.id };
  return {
    consumerId: media.id,
    ...('producerId' in media && media.producerId && { producerId: media.producerId }),
  };
}
