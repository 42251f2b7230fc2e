/**
 * What one end of a path cannot know. In a browser's own recording nobody says what a remote sender or the server
 * in between did: a stream that brings nothing may be a camera switched off, a server that holds it back, or a
 * fault. While anything else still arrives on the same connection it is not called a fault; when nothing at all
 * arrives, it is.
 */
import type { StreamScoreRow } from '../../telemetry/rows.ts';
import { increase, type Span } from '../counters.ts';
import type { CallFeatures } from '../features/call.ts';
import type { PathFeatures } from '../features/path.ts';
import { longMs } from '../features/trailing.ts';
import type { CallPaths, Link, MediaPath } from '../paths.ts';

const nothingReceived = 'nothing received; whether anything was sent is not known';

export function oneSided(features: CallFeatures): CallFeatures {
  return { ...features, paths: features.paths.map((path) => oneSidedPath(path, features.atMs)) };
}

function oneSidedPath(features: PathFeatures, atMs: number): PathFeatures {
  const { path, paused, sinceFrameMs, clientTimeMs } = features;
  if (paused || !sinceFrameMs || clientTimeMs === undefined || !seenByReceiverOnly(path)) return features;
  // Since the last frame, not over a span that reaches back to before it.
  const still: Span = { fromMs: clientTimeMs - sinceFrameMs, toMs: clientTimeMs };
  const unknowable =
    broughtNothing(path, still) && stillArrives(path.link, { fromMs: atMs - longMs, toMs: atMs + 1 });
  return unknowable ? Object.create(features, { paused: { value: true } }) : features;
}

export function oneSidedScores(rows: StreamScoreRow[], paths: CallPaths, span: Span): StreamScoreRow[] {
  const pathOf = new Map(paths.paths.map((path) => [path.consumerId, path]));
  return rows.map((row) => {
    const path = row.point === 'receiver' && row.mos !== null ? pathOf.get(row.consumer_id) : undefined;
    if (!path || !seenByReceiverOnly(path) || !broughtNothing(path, span)) return row;
    const never = path.inbound.every((sample) => !(sample.bytes_received ?? sample.packets_received));
    if (!never && !stillArrives(path.link, span)) return row;
    return { ...row, mos: null, confidence: 0, unclassified: nothingReceived };
  });
}

const seenByReceiverOnly = (path: MediaPath): boolean =>
  path.sfu.length === 0 && path.uplink.layers.length === 0;

/** Payload counts, where it is known: servers probe with packets of padding on streams that carry nothing. */
function broughtNothing(path: MediaPath, span: Span): boolean {
  const brought =
    increase(path.inbound, (s) => s.bytes_received, span) ??
    increase(path.inbound, (s) => s.packets_received, span);
  return brought?.amount === 0;
}

/** Anything at all: other media, reports, or answers to connectivity checks. */
function stillArrives(link: Link | undefined, span: Span): boolean {
  if (!link) return false;
  const byTransport = increase(link.client, (s) => s.bytes_received, span)?.amount;
  const byPair = increase(link.pair, (s) => s.bytes_received, span)?.amount;
  const answers = increase(link.pair, (s) => s.responses_received, span)?.amount;
  return [byTransport, byPair, answers].some((amount) => amount !== undefined && amount > 0);
}
