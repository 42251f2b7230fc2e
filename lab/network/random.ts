/**
 * Seeded randomness for the lab: the same seed and label give the same numbers on every machine.
 * Generator: xoshiro128** (Blackman and Vigna, 2018), its state filled by splitmix32.
 */

/** Uniform in [0, 1). */
export type Random = () => number;

/**
 * @param label separates streams of one seed, so that using more numbers for one purpose does not shift another
 */
export function createRandom(seed: number, label = ''): Random {
  let fill = hash(label, seed >>> 0);
  const next = () => {
    fill = (fill + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(fill ^ (fill >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  let [a, b, c, d] = [next(), next(), next(), next()];
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result / 0x1_0000_0000;
  };
}

/** FNV-1a over the label's UTF-16 units, started from the seed. */
function hash(label: string, seed: number): number {
  let value = (0x811c9dc5 ^ seed) >>> 0;
  for (let i = 0; i < label.length; i++) value = Math.imul(value ^ label.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}

const rotateLeft = (value: number, bits: number) => (value << bits) | (value >>> (32 - bits));
