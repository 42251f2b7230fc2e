/**
 * Mends a transport whose path broke: new ICE credentials and relays from the SFU, as long as it takes. A path over a
 * relay that the SFU calls lost is left at once, before the browser has noticed by itself.
 */
import type { types as mediasoup } from 'mediasoup-client';
import type { Notifications, ResponseData } from '../../telemetry/signaling.ts';
import { reconnectDelayMs } from './backoff.ts';
import { pathOf } from './path.ts';
import { relayOrder } from './relay-order.ts';

/**
 * `disconnected` is often a hiccup of a second or two that heals by itself (RFC 8445 leaves the path up until
 * consent expires); `failed` never heals.
 */
const graceMs = 2_000;
/** A relay that is merely unheard is left only when nothing came over it for so long. */
const silentMs = 1_000;

export interface IceRestarts {
  /** Told by the SFU. @returns whether the path is moved */
  relaysLost(lost: Notifications['relaysLost']): Promise<boolean>;
}

/**
 * Watches until the transport closes. A restart that did not help is tried again, ever later.
 *
 * @param fetchFresh asks the SFU to restart its side, told of the relay the path went over; a rejection counts as an
 *   attempt
 */
export function restartIceWhenBroken(
  transport: mediasoup.Transport,
  fetchFresh: (lostRelayUrls: string[]) => Promise<ResponseData['restartIce']>,
): IceRestarts {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  let restarting = false;
  const broken = () => transport.connectionState === 'disconnected' || transport.connectionState === 'failed';
  const schedule = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => void restartIfBroken(), ms);
  };
  const restartIfBroken = async () => {
    if (transport.closed || !broken() || restarting) return;
    await restart((await pathOf(transport))?.relayUrl);
    if (!transport.closed && transport.connectionState !== 'connected') {
      schedule(graceMs + reconnectDelayMs(attempt++, Math.random()));
    }
  };
  const renewServers = async (iceServers: readonly RTCIceServer[]) => {
    if (iceServers.length > 0)
      await transport.updateIceServers({ iceServers: relayOrder(iceServers, 'first') });
  };
  const restart = async (relayUrl: string | undefined) => {
    restarting = true;
    try {
      const { iceParameters, iceServers } = await fetchFresh(relayUrl ? [relayUrl] : []);
      await renewServers(iceServers);
      await transport.restartIce({ iceParameters });
    } catch {
      // The socket is gone as well: rejoining rebuilds everything. Until then keep trying.
    } finally {
      restarting = false;
    }
  };
  transport.on('connectionstatechange', (state) => {
    if (state === 'connected') {
      attempt = 0;
      clearTimeout(timer);
    } else if (state === 'failed') schedule(0);
    else if (state === 'disconnected') schedule(graceMs);
  });
  transport.observer.once('close', () => clearTimeout(timer));

  return {
    async relaysLost({ urls, certain, iceServers }) {
      if (transport.closed || restarting) return false;
      // Whatever breaks later finds relays that live.
      await renewServers(iceServers);
      const path = await pathOf(transport);
      if (!path?.relayUrl || !urls.includes(path.relayUrl)) return false;
      if (!certain) {
        await new Promise((resolve) => setTimeout(resolve, silentMs));
        const later = await pathOf(transport);
        if (transport.closed || restarting || !later || later.bytesReceived > path.bytesReceived)
          return false;
      }
      await restart(path.relayUrl);
      // Without an answer from the new relay it is tried again, as any broken path is.
      schedule(graceMs);
      return true;
    },
  };
}
