/**
 * Sends to an address that a tenant named. It may be anything, so it must not lead into our own network: unless the
 * deployment allows that, only https is taken, and the address that a name stands for is looked at when it is connected to.
 */
import { type LookupAddress, lookup } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP } from 'node:net';
import { DeliveryError } from '../../alerts/delivery/send.ts';

const limitMs = 10_000;
const mostAnswer = 200;

/** Loopback, private, link-local, shared, documentation, multicast and reserved (RFC 6890 and its IPv6 kin). */
const inner = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  inner.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of [
  ['::', 96],
  ['64:ff9b::', 96],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  inner.addSubnet(net, bits, 'ipv6');

/** Whether an address is one of the public internet. IPv4 within IPv6 counts as what it is. */
export function isPublic(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  return !inner.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

export interface Posting {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Plain http and addresses that are not public are taken too. */
  readonly allowPrivate: boolean;
}

/** @throws DeliveryError when it was not taken; what it says holds no address */
export async function post({ url, headers, body, allowPrivate }: Posting): Promise<void> {
  const target = new URL(url);
  if (!allowPrivate && target.protocol !== 'https:') throw new DeliveryError('refused: only https is taken');
  const host = target.hostname.replace(/^\[|\]$/g, '');
  if (!allowPrivate && isIP(host) !== 0 && !isPublic(host)) throw notPublic();
  const request = target.protocol === 'https:' ? httpsRequest : httpRequest;
  const { status, answer } = await new Promise<{ status: number; answer: string }>((resolve, reject) => {
    const outgoing = request(
      target,
      {
        method: 'POST',
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        signal: AbortSignal.timeout(limitMs),
        agent: false,
        ...(!allowPrivate && { lookup: publicOnly }),
      },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (part: string) => {
          text += part;
          // What it says beyond is of no use to anybody.
          if (text.length > mostAnswer) incoming.destroy();
        });
        // Not followed: a receiver that moved is a setting to be mended.
        incoming.on('close', () =>
          resolve({ status: incoming.statusCode ?? 0, answer: text.slice(0, mostAnswer) }),
        );
        incoming.on('error', () => {});
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  }).catch((error: unknown) => {
    if (error instanceof DeliveryError) throw error;
    const { code, name } = error as { code?: string; name?: string };
    throw new DeliveryError(`no answer: ${code ?? name}`);
  });
  if (status < 200 || status > 299) throw new DeliveryError(`answered ${status}: ${answer}`);
}

const notPublic = () => new DeliveryError('refused: its address is not a public one');

/** As `dns.lookup`, but for public addresses only: asked when connecting, so that no second answer can slip in. */
const publicOnly: typeof lookup = ((
  hostname: string,
  options: { all?: boolean },
  done: (error: Error | null, address?: string | LookupAddress[], family?: number) => void,
) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return done(error);
    if (!addresses.every(({ address }) => isPublic(address))) return done(notPublic());
    const [first] = addresses;
    if (options.all) done(null, addresses);
    else if (first) done(null, first.address, first.family);
    else done(notPublic());
  });
}) as typeof lookup;
