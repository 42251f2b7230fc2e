/**
 * What is known of a participant beside what it says: browser and system, country and operator, and its network. It
 * stands with the participant's events, where they do not say it themselves, and never replaces what they say.
 *
 * The address itself is not kept: shortened it tells the network, and hashed with a secret, anew for each tenant, it
 * tells who sits behind the same connection without telling which one that is, nor whether another tenant sees it too.
 */
import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { truncateAddresses } from '../rows/address.ts';
import type { Writer } from '../rows/identity.ts';
import { browserFacts } from './browser.ts';
import type { NetworkFacts } from './network.ts';

/** Whoever sends a request, over HTTP or gRPC. */
export interface Sender {
  /** The other end of the connection, as the system tells it; '' where it does not. */
  readonly address: string;
  /** @param name in lower case; '' where it was not sent */
  header(name: string): string;
}

export const httpSender = ({ socket, headers }: IncomingMessage): Sender => ({
  address: socket.remoteAddress ?? '',
  header: (name) => textOf(headers[name]),
});

export type Enrich = (writer: Writer, sender: Sender) => Writer;

export interface EnrichOptions {
  readonly networkFacts: NetworkFacts;
  /** Of the deployment: what hashes are made with. */
  readonly secret: string;
  /** Proxies before the collector that add to X-Forwarded-For; what stands before their entries is the sender's word. */
  readonly trustedProxies: number;
}

/** Hexadecimal digits: 64 bits, enough for the participants of a tenant. */
const hashDigits = 16;

export function enricher({ networkFacts, secret, trustedProxies }: EnrichOptions): Enrich {
  // A participant's writer is one object for as long as its token is remembered, and its address seldom changes.
  const known = new WeakMap<Writer, { key: string; writer: Writer }>();
  return (writer, sender) => {
    if (writer.kind === 'server') return writer;
    const address = clientAddress(sender, trustedProxies);
    const headers = {
      userAgent: sender.header('user-agent'),
      brands: sender.header('sec-ch-ua'),
      platform: sender.header('sec-ch-ua-platform'),
    };
    const key = `${address}\n${headers.userAgent}\n${headers.brands}`;
    const before = known.get(writer);
    if (before?.key === key) return before.writer;
    const about = {
      ...browserFacts(headers),
      ...(address !== '' && {
        ...networkFacts(address),
        'client.address': truncateAddresses(address),
        'client.address.hash': hashOf(secret, writer.claims.tenantId, address),
      }),
    };
    const enriched: Writer = { ...writer, about };
    known.set(writer, { key, writer: enriched });
    return enriched;
  };
}

/** Of the client as far as it can be believed; '' where it cannot be told. */
export function clientAddress(sender: Sender, trustedProxies: number): string {
  const told =
    trustedProxies === 0
      ? sender.address
      : (sender.header('x-forwarded-for').split(',').at(-trustedProxies)?.trim() ?? '');
  const address = told.replace(/^::ffff:(?=\d+\.)/i, '');
  return isIP(address) === 0 ? '' : address;
}

const hashOf = (secret: string, tenantId: string, address: string): string =>
  createHmac('sha256', `address ${secret}`)
    .update(JSON.stringify([tenantId, address]))
    .digest('hex')
    .slice(0, hashDigits);

const textOf = (header: string | string[] | undefined): string =>
  Array.isArray(header) ? header.join(',') : (header ?? '');
