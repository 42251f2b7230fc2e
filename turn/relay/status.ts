/**
 * coturn's messages on Redis, as 4.6 publishes them: `turn/realm/R/user/U/allocation/ID/status` with `new lifetime=…,
 * type=UDP, …`, `refreshed …` or `deleted`; `…/traffic` with the packets and bytes since the last such message, sent
 * every 2048 packets and at the end. `…/traffic/peer` is the other side of the same packets, `…/total_traffic` the sum.
 */

export type Transport = 'udp' | 'tcp' | 'tls' | 'dtls';

export type StatusMessage =
  | { readonly kind: 'held'; readonly allocationId: string; readonly transport: Transport }
  | { readonly kind: 'deleted'; readonly allocationId: string }
  | { readonly kind: 'traffic'; readonly allocationId: string; readonly traffic: Traffic };

/** As the client sees it: up is what it sent. */
export interface Traffic {
  readonly packetsUp: number;
  readonly bytesUp: number;
  readonly packetsDown: number;
  readonly bytesDown: number;
}

const channelForm = /\/user\/([^/]*)\/allocation\/(\d+)\/(status|traffic)$/;
const trafficForm = /^rcvp=(\d+), rcvb=(\d+), sentp=(\d+), sentb=(\d+)/;

/** The channels, and the keys of live allocations, of one realm. */
export const statusPattern = (realm: string): string => `turn/realm/${realm}/user/*`;

/** @returns undefined for what says nothing of a client's allocation */
export function readStatus(channel: string, text: string): StatusMessage | undefined {
  const [, user, allocationId, what] = channelForm.exec(channel) ?? [];
  // Without a user: a connection that never authenticated.
  if (!user || !allocationId) return undefined;
  if (what === 'traffic') {
    const numbers = trafficForm.exec(text)?.slice(1).map(Number);
    if (!numbers) return undefined;
    const [packetsUp, bytesUp, packetsDown, bytesDown] = numbers as [number, number, number, number];
    return { kind: 'traffic', allocationId, traffic: { packetsUp, bytesUp, packetsDown, bytesDown } };
  }
  if (text.startsWith('deleted')) return { kind: 'deleted', allocationId };
  const type = /\btype=([A-Z/]+)/.exec(text)?.[1];
  return type ? { kind: 'held', allocationId, transport: transportOf(type) } : undefined;
}

function transportOf(type: string): Transport {
  if (type.startsWith('TLS')) return 'tls';
  if (type.startsWith('DTLS')) return 'dtls';
  return type.startsWith('TCP') ? 'tcp' : 'udp';
}

/** Why a request was refused, by coturn's log line; undefined for other lines. @param nowMs epoch ms */
export function refusalIn(line: string, nowMs: number): 'expired' | 'forged' | 'quota' | undefined {
  const user = /check_stun_auth: Cannot find credentials of user <([^>]*)>/.exec(line)?.[1];
  if (user !== undefined) {
    const expiry = Number(/^(\d{1,12}):/.exec(user)?.[1]);
    return expiry * 1000 < nowMs ? 'expired' : 'forged';
  }
  return /error 486: /.test(line) ? 'quota' : undefined;
}
