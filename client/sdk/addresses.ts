/**
 * Addresses are cut before they leave the browser: enough for "which network", too little for "which person".
 */

/**
 * IPv4 to its /24, IPv6 to its /48, in the usual notation with the rest zero. A host name (an mDNS candidate's
 * `<uuid>.local`) says nothing of the network and becomes `mdns` or ``.
 */
export function truncateAddress(address: string): string {
  const ipv4 = /^(?:::ffff:)?(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/i.exec(address.trim());
  if (ipv4) return `${ipv4[1]}.0`;
  if (address.includes(':')) return truncateIpv6(address.replace(/^\[|\]$/g, ''));
  return address.endsWith('.local') ? 'mdns' : '';
}

function truncateIpv6(address: string): string {
  // `a::b` stands for a run of zero groups; only the first three groups are kept, so count from the left.
  const [head = '', tail] = address.split('::');
  const groups = head ? head.split(':') : [];
  if (tail !== undefined) {
    const after = tail ? tail.split(':') : [];
    while (groups.length + after.length < 8) groups.push('0');
    groups.push(...after);
  }
  const kept = groups.slice(0, 3).map((group) => group.replace(/^0+(?=.)/, '').toLowerCase());
  while (kept.length && kept.at(-1) === '0') kept.pop();
  return `${kept.join(':')}::`;
}

/** Candidate error texts and TURN URLs may hold an address in brackets or in the open. */
export function truncateAddresses(text: string): string {
  return text.replace(/\b(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}\b/g, '$1.0');
}
