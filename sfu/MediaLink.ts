/** One WebRtcTransport of a participant, with the bandwidth estimates since they were last taken. */
import type { types as mediasoup } from 'mediasoup';
import { z } from 'zod';
import { events } from '../telemetry/events.ts';
import type { BweInterval } from './telemetry/samples.ts';
import type { Identity, Telemetry } from './telemetry/Telemetry.ts';

/** `info` of mediasoup's `bwe` trace. */
const bweInfo = z.object({
  availableBitrate: z.number(),
  desiredBitrate: z.number(),
  effectiveDesiredBitrate: z.number(),
  bweType: z.string(),
});

export interface MediaLinkOptions {
  readonly transport: mediasoup.WebRtcTransport;
  /** As the client sees it: `send` carries its producers, `recv` its consumers. */
  readonly direction: 'send' | 'recv';
  readonly identity: Identity;
  readonly telemetry: Telemetry;
}

export class MediaLink {
  readonly transport: mediasoup.WebRtcTransport;
  readonly direction: 'send' | 'recv';
  /** By the client's own word; null: it said nothing. */
  usesRelay: boolean | null = null;
  #bwe: BweInterval | null = null;
  #connected: { readonly parameters: string; readonly done: Promise<void> } | null = null;

  constructor({ transport, direction, identity, telemetry }: MediaLinkOptions) {
    this.transport = transport;
    this.direction = direction;
    const link = { ...identity, transport_id: transport.id };
    transport.on('icestatechange', (state) =>
      telemetry.event(events.sfuIceState, link, {
        state,
        direction,
        protocol: transport.iceSelectedTuple?.protocol,
      }),
    );
    transport.on('dtlsstatechange', (state) =>
      telemetry.event(events.sfuDtlsState, link, { state, direction }),
    );
    transport.on('trace', ({ type, info }) => {
      if (type === 'bwe') this.#estimated(info);
    });
  }

  /** Asked again with the same, because the answer was lost, it is one and the same connecting. */
  connect(dtlsParameters: mediasoup.DtlsParameters): Promise<void> {
    const parameters = JSON.stringify(dtlsParameters);
    if (this.#connected?.parameters !== parameters) {
      this.#connected = { parameters, done: this.transport.connect({ dtlsParameters }) };
    }
    return this.#connected.done;
  }

  /** bit/s; null before the first. */
  get estimateBps(): number | null {
    return this.#bwe?.bweAvailableBitrate ?? null;
  }

  /** The last estimate and the lowest of the interval; starts a new interval. */
  takeBwe(): BweInterval | null {
    const bwe = this.#bwe;
    if (bwe) this.#bwe = { ...bwe, bweAvailableBitrateMin: bwe.bweAvailableBitrate };
    return bwe;
  }

  #estimated(info: unknown): void {
    const parsed = bweInfo.safeParse(info);
    if (!parsed.success) return;
    const { availableBitrate, desiredBitrate, effectiveDesiredBitrate, bweType } = parsed.data;
    this.#bwe = {
      bweType,
      bweAvailableBitrate: availableBitrate,
      bweAvailableBitrateMin: Math.min(
        this.#bwe?.bweAvailableBitrateMin ?? availableBitrate,
        availableBitrate,
      ),
      bweDesiredBitrate: desiredBitrate,
      bweEffectiveDesiredBitrate: effectiveDesiredBitrate,
    };
  }
}
