/**
 * One sender's media on its way to one receiver: where it flows and where it stops.
 *
 * Where it stops is worked out when it is read, as in measure.ts: of most paths at most moments nobody asks.
 */
import type { DecisionRow } from '../../telemetry/rows.ts';
import type { Span } from '../counters.ts';
import { heldVideo } from '../decisions.ts';
import { measureConsumer, measureInbound, measureOutbound, measureProducer } from '../measure.ts';
import type { MediaPath } from '../paths.ts';
import type { Sample } from '../samples.ts';
import { type FreshLayers, freshLayers } from './layers.ts';
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
  /** Key frames asked for since the last decoded frame; undefined while the picture moves. */
  readonly plisSinceFrame: number | undefined;
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

export const pathFeatures = (
  path: MediaPath,
  atMs: number,
  decisions: readonly DecisionRow[],
): PathFeatures => new PathAt(path, atMs, decisions);

class PathAt implements PathFeatures {
  readonly path: MediaPath;
  readonly clientTimeMs: number | undefined;
  readonly sinceFrameMs: number | undefined;
  readonly framesPerSecond: number | undefined;
  readonly paused: boolean;
  private readonly inbound: readonly Sample<'inbound_rtp'>[];
  private readonly consumer: readonly Sample<'sfu_consumer'>[];
  private readonly layers: FreshLayers;
  /** While the picture stands: that standstill, of which a source not heard of since says nothing. */
  private readonly standing: Span | undefined;
  /** The newest moment that all four points know, and a little. */
  private readonly commonMs: number;

  constructor(path: MediaPath, atMs: number, decisions: readonly DecisionRow[]) {
    const inbound = fresh(path.inbound, atMs, staleClientMs);
    const consumer = fresh(path.sfu, atMs, staleSfuMs);
    const layers = freshLayers(path.uplink, atMs);
    const clientTimeMs = inbound.at(-1)?.time;
    const sinceFrameMs = sinceProgressMs(inbound, (s) => s.frames_decoded);
    const newestMs = clientTimeMs ?? atMs;
    const standsSinceMs = newestMs - (sinceFrameMs ?? 0);
    this.path = path;
    this.inbound = inbound;
    this.consumer = consumer;
    this.layers = layers;
    this.clientTimeMs = clientTimeMs;
    this.sinceFrameMs = sinceFrameMs;
    this.framesPerSecond = measureInbound(inbound, upTo(clientTimeMs, clientShortMs)).framesPerSecond;
    this.commonMs = (lowest([clientTimeMs, consumer.at(-1)?.time, layers.commonMs]) ?? atMs) + 1;
    this.standing = sinceFrameMs
      ? {
          // The last frame came some time within the first interval.
          fromMs: Math.max(standsSinceMs, newestMs - sfuIntervalMs),
          toMs: newestMs + aheadMs,
        }
      : undefined;
    this.paused =
      decisions.some((d) => d.participant_id === path.receiverId && heldVideo(d, standsSinceMs, atMs)) ||
      measureConsumer(consumer, { fromMs: standsSinceMs - longMs, toMs: atMs + 1 }).pausedAtAll ||
      layers.arrived.some((rows) => measureProducer(rows, this.over(shortMs)).paused === true);
  }

  get plisSinceFrame() {
    if (!this.sinceFrameMs) return undefined;
    return measureInbound(this.inbound, upTo(this.clientTimeMs, this.sinceFrameMs)).plis;
  }
  get receiving() {
    return moved(measureInbound(this.inbound, this.over(clientShortMs)).packets);
  }
  get sfuSending() {
    return this.tells(this.consumer) ? moved(this.sent.packets) : undefined;
  }
  get sfuReceiving() {
    const arrived = this.layers.arrived.filter((rows) => this.tells(rows));
    return some(arrived, (rows) => measureProducer(rows, this.over(shortMs)).packets);
  }
  get senderSending() {
    return some(this.sending, (m) => m.packets);
  }
  get senderEncoding() {
    return some(this.sending, (m) => m.framesPerSecond);
  }
  get spatialLayer() {
    return this.sent.spatialLayer;
  }
  get frameHeight() {
    return measureInbound(this.inbound, this.over(clientShortMs)).frameHeight;
  }

  private get sent() {
    return measureConsumer(this.consumer, this.over(shortMs));
  }
  private get sending() {
    const rows = this.layers.outbound.filter((layer) => this.tells(layer));
    return rows.map((layer) => measureOutbound(layer, this.over(clientShortMs)));
  }

  /** Where the flow stops is told by comparing the four points over one span. */
  private over(lengthMs: number): Span {
    return this.standing ?? { fromMs: this.commonMs - lengthMs, toMs: this.commonMs };
  }

  private tells(rows: readonly { readonly time: number }[]): boolean {
    const { standing } = this;
    if (standing === undefined) return true;
    return rows.filter(({ time }) => time >= standing.fromMs && time < standing.toMs).length >= 2;
  }
}

const moved = (packets: number | undefined): boolean | undefined =>
  packets === undefined ? undefined : packets > 0;
