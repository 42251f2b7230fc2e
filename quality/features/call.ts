/**
 * What the detectors look at: for each participant's uplink and downlink, and for each media path, the
 * measurements at one moment over a trailing span. Pure in (paths, moment). Absent is undefined, never 0.
 *
 * Every source is measured up to its own newest sample, as sources arrive with different delay (SFU ~0.7 s,
 * clients up to 2.5 s); a source whose newest sample is too old says nothing.
 */
import type { DecisionRow } from '../../telemetry/rows.ts';
import type { CallPaths } from '../paths.ts';
import type { EventSample } from '../samples.ts';
import { type DownlinkFeatures, downlinkFeatures } from './downlink.ts';
import { type IceFeatures, iceFeatures } from './ice.ts';
import { type PathFeatures, pathFeatures } from './path.ts';
import { type UplinkFeatures, uplinkFeatures } from './uplink.ts';

export interface CallFeatures {
  readonly tenantId: string;
  readonly callId: string;
  /** The moment judged, epoch ms. */
  readonly atMs: number;
  readonly downlinks: readonly DownlinkFeatures[];
  readonly uplinks: readonly UplinkFeatures[];
  readonly ice: readonly IceFeatures[];
  readonly paths: readonly PathFeatures[];
}

export function callFeatures(
  paths: CallPaths,
  events: readonly EventSample[],
  at: { tenantId: string; callId: string; atMs: number; decisions?: readonly DecisionRow[] },
): CallFeatures {
  const { tenantId, callId, atMs, decisions = [] } = at;
  const left = new Set(
    events
      .filter((e) => e.name === 'rtc.participant.left' && e.time <= atMs)
      .map((e) => e.participant_id)
      .filter(
        (id) =>
          !events.some(
            (e) =>
              e.name === 'rtc.participant.joined' && e.participant_id === id && e.time > lastLeft(events, id),
          ),
      ),
  );
  const links = paths.links.filter((link) => !left.has(link.participantId));
  const pathsOf = Map.groupBy(paths.paths, (path) => path.link);
  const uplinksOf = Map.groupBy(paths.uplinks, (uplink) => uplink.link);
  const downlinks = links
    .filter((link) => link.direction === 'recv')
    .map((link) => downlinkFeatures(link, pathsOf.get(link) ?? [], atMs));
  const uplinks = links
    .filter((link) => link.direction === 'send')
    .map((link) => uplinkFeatures(link, uplinksOf.get(link) ?? [], atMs));
  const people = [...new Set(paths.links.map((link) => link.participantId))];
  return {
    tenantId,
    callId,
    atMs,
    downlinks,
    uplinks,
    ice: people.map((id) => iceFeatures(id, links, downlinks, uplinks, left.has(id), atMs)),
    paths: paths.paths
      .filter((p) => !left.has(p.receiverId) && !left.has(p.uplink.senderId))
      .map((p) => pathFeatures(p, atMs, decisions)),
  };
}

const lastLeft = (events: readonly EventSample[], id: string): number =>
  Math.max(
    ...events.filter((e) => e.name === 'rtc.participant.left' && e.participant_id === id).map((e) => e.time),
  );
