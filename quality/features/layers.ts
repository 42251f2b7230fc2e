/** The streams of one producer at one moment, as far as their newest samples speak about it. */
import { measureProducer } from '../measure.ts';
import type { Uplink } from '../paths.ts';
import type { Sample } from '../samples.ts';
import { fresh, lowest, shortMs, staleClientMs, staleSfuMs, upTo } from './trailing.ts';

export interface FreshLayers {
  readonly atMs: number;
  readonly arrived: readonly (readonly Sample<'sfu_producer'>[])[];
  readonly outbound: readonly (readonly Sample<'outbound_rtp'>[])[];
  /** Of each in `arrived`, over its last two samples. */
  readonly lately: readonly ReturnType<typeof measureProducer>[];
  /** Packets were missing at the SFU lately. */
  readonly holes: boolean;
  /** The newest moment that all of them know, epoch ms; undefined without any. */
  readonly commonMs: number | undefined;
}

const holesRatio = 0.02;
const holesPerSecond = 2;

/** What was last asked of an uplink: all its receivers ask the same at one moment. */
const lastAsked = new WeakMap<Uplink, FreshLayers>();

export function freshLayers(uplink: Uplink, atMs: number): FreshLayers {
  const last = lastAsked.get(uplink);
  if (last?.atMs === atMs) return last;
  const any = (rows: readonly unknown[]) => rows.length > 0;
  const arrived = uplink.layers.map((l) => fresh(l.sfu, atMs, staleSfuMs)).filter(any);
  const lately = arrived.map((rows) => measureProducer(rows, upTo(rows.at(-1)!.time, shortMs)));
  const outbound = uplink.layers.map((l) => fresh(l.outbound, atMs, staleClientMs)).filter(any);
  const found = {
    atMs,
    arrived,
    outbound,
    lately,
    commonMs: lowest([...arrived, ...outbound].map((rows) => rows.at(-1)!.time)),
    holes: lately.some((m) => (m.lossRatio ?? 0) >= holesRatio || (m.nackedPerSecond ?? 0) >= holesPerSecond),
  };
  lastAsked.set(uplink, found);
  return found;
}
