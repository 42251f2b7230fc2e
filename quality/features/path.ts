/** One sender's media on its way to one receiver: where it flows and where it stops. */
import type { DecisionRow } from '../../telemetry/rows.ts';
import type { Span } from '../counters.ts';
import { heldVideo } from '../decisions.ts';
import { measureConsumer, measureInbound, measureOutbound, measureProducer } from '../measure.ts';
import type { MediaPath } from '../paths.ts';
import { freshLayers } from './layers.ts';
import {
  clientShortMs,
  fresh,
  longMs,
  lowest,
  sfuIntervalMs,
  shortMs,
  sinceProgressMs,
  some,
  staleClientMs,
  staleSfuMs,
  upTo,
} from './trailing.ts';

export interface PathFeatures {
  readonly path: MediaPath;
  readonly clientTimeMs: number | undefined;
  /** Time since the last decoded frame, by the receiver's own samples; ms. */
  readonly sinceFrameMs: number | undefined;
  readonly framesPerSecond: number | undefined;
  readonly receiving: boolean | undefined;
  readonly sfuSending: boolean | undefined;
  readonly sfuReceiving: boolean | undefined;
  readonly senderSending: boolean | undefined;
  readonly senderEncoding: boolean | undefined;
  /** Paused at its sender, by its receiver or by us, within the span in question. */
  readonly paused: boolean;
  readonly spatialLayer: number | undefined;
  readonly frameHeight: number | undefined;
}

/** The SFU's samples of a moment may bear a later time than the client's. */
const aheadMs = 600;

export function pathFeatures(path: MediaPath, atMs: number, decisions: readonly DecisionRow[]): PathFeatures {
  const inbound = fresh(path.inbound, atMs, staleClientMs);
  const consumer = fresh(path.sfu, atMs, staleSfuMs);
  const { arrived, outbound } = freshLayers(path.uplink, atMs);
  const clientTimeMs = inbound.at(-1)?.time;
  const sinceFrameMs = sinceProgressMs(inbound, (s) => s.frames_decoded);
  const standsSinceMs = (clientTimeMs ?? atMs) - (sinceFrameMs ?? 0);
  // Where the flow stops is told by comparing the four points: while the picture stands within that standstill, of
  // which a source that has not been heard of since says nothing; else at the newest moment that all know.
  const newest = [inbound, consumer, ...arrived, ...outbound].map((rows) => rows.at(-1)?.time);
  const commonMs = (lowest(newest) ?? atMs) + 1;
  const standing: Span | undefined = sinceFrameMs
    ? {
        // The last frame came some time within the first interval.
        fromMs: Math.max(standsSinceMs, (clientTimeMs ?? atMs) - sfuIntervalMs),
        toMs: (clientTimeMs ?? atMs) + aheadMs,
      }
    : undefined;
  const over = (lengthMs: number): Span => standing ?? { fromMs: commonMs - lengthMs, toMs: commonMs };
  const tells = (rows: readonly { readonly time: number }[]): boolean =>
    standing === undefined ||
    rows.filter(({ time }) => time >= standing.fromMs && time < standing.toMs).length >= 2;

  const got = measureInbound(inbound, over(clientShortMs));
  const sent = measureConsumer(consumer, over(shortMs));
  const sentTold = tells(consumer) ? sent : undefined;
  const atSfu = arrived.map((rows) => measureProducer(rows, over(shortMs)));
  const arrivedTold = atSfu.filter((_, i) => tells(arrived[i]!));
  const sending = outbound.filter(tells).map((rows) => measureOutbound(rows, over(clientShortMs)));
  const heldByUs = decisions.some(
    (d) => d.participant_id === path.receiverId && heldVideo(d, standsSinceMs, atMs),
  );
  return {
    path,
    clientTimeMs,
    sinceFrameMs,
    framesPerSecond: measureInbound(inbound, upTo(clientTimeMs, clientShortMs)).framesPerSecond,
    receiving: moved(got.packets),
    sfuSending: moved(sentTold?.packets),
    sfuReceiving: some(arrivedTold, (m) => m.packets),
    senderSending: some(sending, (m) => m.packets),
    senderEncoding: some(sending, (m) => m.framesPerSecond),
    paused:
      heldByUs ||
      measureConsumer(consumer, { fromMs: standsSinceMs - longMs, toMs: atMs + 1 }).pausedAtAll ||
      atSfu.some((m) => m.paused === true),
    spatialLayer: sent.spatialLayer,
    frameHeight: got.frameHeight,
  };
}

const moved = (packets: number | undefined): boolean | undefined =>
  packets === undefined ? undefined : packets > 0;
