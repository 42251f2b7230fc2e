/**
 * Addresses are shortened before anything is stored: IPv4 to /24, IPv6 to /48, which still tells networks apart
 * but not households. Names are kept: mDNS names (`….local`) are random, TURN host names are ours.
 */
import { isIP, isIPv6 } from 'node:net';

/** Attributes and columns whose text may hold an address. */
const addressKey = /(?:^|[._])(?:address|addr|ip|url|uri|candidate|sdp|text|message|body)$/;

export const mayHoldAddress = (key: string): boolean => addressKey.test(key);

/** Every address inside a text (a bare one, a TURN URL, a candidate line) shortened; the rest as it was. */
export function truncateAddresses(text: string): string {
  return text.replace(ipv6Like, truncateIPv6).replace(ipv4Like, truncateIPv4);
}

/** Groups and colons, perhaps with an IPv4 tail and a zone; `isIP` then decides. */
const ipv6Like =
  /(?<![\w:])(?:[\da-f]{0,4}:){2,7}(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f]{0,4})(?:%\w+)?(?![\w:])/gi;

/** Not part of a longer name or number (a host such as `1.2.3.4.example.org`). */
const ipv4Like = /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\w)/g;

function truncateIPv4(address: string): string {
  return isIP(address) === 4 ? address.replace(/\d+$/, '0') : address;
}

function truncateIPv6(match: string): string {
  const address = match.replace(/%\w+$/, '');
  if (!isIPv6(address)) return match;
  // An IPv4-mapped address says as much as the IPv4 address in it, which the next step shortens.
  const mapped = /^::ffff:(\d.*)$/i.exec(address);
  if (mapped?.[1]) return `::ffff:${truncateIPv4(mapped[1])}`;
  return first48Bits(address);
}

/** The first 48 bits, the rest zero. */
function first48Bits(address: string): string {
  const [head = '', tail] = address.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : 8 - front.length - back.length;
  const groups = [...front, ...Array<string>(zeros).fill('0'), ...back].slice(0, 3);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::`.replace(
    /^(0:0:0)?::$/,
    '::',
  );
}
