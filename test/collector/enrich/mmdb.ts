/** Writes a small file in MaxMind's format (https://maxmind.github.io/MaxMind-DB/) for IPv4. */

type Value = string | number | { readonly [key: string]: Value };

const types = { string: 2, uint32: 6, map: 7 } as const;

/** @param entries networks such as `203.0.113.0/24`, and what is said of each */
export function mmdb(entries: Readonly<Record<string, Value>>): Buffer {
  const nodes: [number, number][] = [[0, 0]];
  const data: Buffer[] = [];
  const leaves: { node: number; side: 0 | 1; offset: number }[] = [];
  let offset = 0;
  for (const [network, value] of Object.entries(entries)) {
    const [address = '', length = ''] = network.split('/');
    const bits = address
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('')
      .slice(0, Number(length));
    let node = 0;
    [...bits].forEach((bit, depth) => {
      const side = bit === '1' ? 1 : 0;
      if (depth === bits.length - 1) leaves.push({ node, side, offset });
      else {
        if (nodes[node]![side] === 0) nodes[node]![side] = nodes.push([0, 0]) - 1;
        node = nodes[node]![side];
      }
    });
    const bytes = encoded(value);
    data.push(bytes);
    offset += bytes.length;
  }
  const count = nodes.length;
  const tree = nodes.map((sides) => sides.map((next) => (next === 0 ? count : next)) as [number, number]);
  for (const leaf of leaves) tree[leaf.node]![leaf.side] = count + 16 + leaf.offset;
  const treeBytes = Buffer.alloc(count * 6);
  tree.forEach(([left, right], index) => {
    treeBytes.writeUIntBE(left, index * 6, 3);
    treeBytes.writeUIntBE(right, index * 6 + 3, 3);
  });
  const metadata = encoded({
    node_count: count,
    record_size: 24,
    ip_version: 4,
    database_type: 'Test',
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_790_000_000,
  });
  const marker = Buffer.concat([Buffer.from([0xab, 0xcd, 0xef]), Buffer.from('MaxMind.com')]);
  return Buffer.concat([treeBytes, Buffer.alloc(16), ...data, marker, metadata]);
}

function encoded(value: Value): Buffer {
  if (typeof value === 'string')
    return Buffer.concat([head(types.string, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([head(types.uint32, 4), bytes]);
  }
  const members = Object.entries(value);
  return Buffer.concat([
    head(types.map, members.length),
    ...members.flatMap(([key, member]) => [encoded(key), encoded(member)]),
  ]);
}

/** Sizes below 285. */
const head = (type: number, size: number): Buffer =>
  Buffer.from(size < 29 ? [(type << 5) | size] : [(type << 5) | 29, size - 29]);
