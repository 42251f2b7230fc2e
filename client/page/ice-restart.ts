/** Mends a transport whose path broke: new ICE credentials from the SFU, as long as it takes. */
import type { types as mediasoup } from 'mediasoup-client';
import { reconnectDelayMs } from './backoff.ts';

/**
 * `disconnected` is often a hiccup of a second or two that heals by itself (RFC 8445 leaves the path up until
 * consent expires); `failed` never heals.
 */
const graceMs = 2_000;

/**
 * Watches until the transport closes. A restart that did not help is tried again, ever later.
 *
 * @param fetchIceParameters asks the SFU to restart its side; a rejection counts as an attempt
 */
export function restartIceWhenBroken(
  transport: mediasoup.Transport,
  fetchIceParameters: () => Promise<mediasoup.IceParameters>,
): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  const broken = () => transport.connectionState === 'disconnected' || transport.connectionState === 'failed';
  const schedule = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => void restart(), ms);
  };
  const restart = async () => {
    if (transport.closed || !broken()) return;
    try {
      await transport.restartIce({ iceParameters: await fetchIceParameters() });
    } catch {
      // The socket is gone as well: rejoining rebuilds everything. Until then keep trying.
    }
    if (!transport.closed && transport.connectionState !== 'connected') {
      schedule(graceMs + reconnectDelayMs(attempt++, Math.random()));
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
}
