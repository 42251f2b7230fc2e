/**
 * A made-up fleet for pictures and tests: who was in which call, connected how, and how well it went. Nothing in it
 * was measured. The same seed makes the same fleet, moved to end at the time asked for.
 *
 * Two things go wrong in it, so that dashboards have something to find: relays over TCP are poor throughout, and in
 * the middle third the node `sfu-fra-2` is overloaded.
 */

export interface SampleOptions {
  readonly seed: number;
  /** The last moment that anything is known of, epoch ms. */
  readonly endMs: number;
  readonly hours: number;
  readonly calls: number;
}

export interface Person {
  readonly callId: string;
  readonly participantId: string;
  readonly displayName: string;
  readonly tenantId: string;
  readonly roomId: string;
  readonly node: string;
  readonly country: string;
  readonly operator: string;
  readonly browser: string;
  readonly browserVersion: string;
  readonly platform: string;
  readonly codec: string;
  /** '' when connected directly. */
  readonly relayProtocol: '' | 'udp' | 'tcp';
  readonly joinedMs: number;
  readonly leftMs: number;
  /** Why the join failed; '' when it did not. A person whose join failed is in the call no time. */
  readonly joinError: string;
  /** How long the join took, ms. */
  readonly joinMs: number;
}

export interface SampleCall {
  readonly callId: string;
  readonly roomId: string;
  readonly tenantId: string;
  readonly node: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly people: readonly Person[];
}

export interface World {
  readonly options: SampleOptions;
  readonly startMs: number;
  readonly calls: readonly SampleCall[];
  /** 0 (perfect) to 1 (useless): what this person received at that time. */
  trouble(person: Person, atMs: number): number;
  /** Is `overloadedNode` overloaded then? */
  overloaded(atMs: number): boolean;
  readonly random: Random;
}

export interface Random {
  /** 0 to 1 */
  next(): number;
  between(low: number, high: number): number;
  /** Of a list with weights. */
  pick<T>(choices: readonly (readonly [T, number])[]): T;
}

/** mulberry32: small, and good enough to look natural. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    next,
    between: (low, high) => low + (high - low) * next(),
    pick(choices) {
      let left = next() * choices.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [choice, weight] of choices) {
        left -= weight;
        if (left < 0) return choice;
      }
      return choices.at(-1)![0];
    },
  };
}

const nodes = [
  ['sfu-fra-1', 4],
  ['sfu-fra-2', 3],
  ['sfu-iad-1', 3],
] as const;
export const nodeNames = nodes.map(([name]) => name);
export const overloadedNode = 'sfu-fra-2';

const names = ['Ana', 'Bo', 'Chen', 'Dara', 'Eli', 'Fatou', 'Goran', 'Hana', 'Ivo', 'Jun', 'Kofi', 'Lea'];
const rooms = ['standup', 'support', 'sales', 'class-7b', 'all-hands', 'interview', 'clinic'];
const joinErrors = [
  ['NotAllowedError: Permission denied', 4],
  ['ICE failed after 15000 ms', 3],
  ['signaling: the socket was closed with 1006', 2],
  ['the room is full', 1],
] as const;

export function makeWorld(options: SampleOptions): World {
  const random = randomFrom(options.seed);
  const startMs = options.endMs - options.hours * 3_600_000;
  const spanMs = options.endMs - startMs;
  /** Is this a moment of the overload? */
  const overloaded = (atMs: number) => {
    const share = (atMs - startMs) / spanMs;
    return share > 0.86 && share < 0.97;
  };

  const callOf = (index: number): SampleCall => {
    // Calls begin all along; the last ones are still going on at the end.
    const begin = Math.round(startMs + spanMs * ((index + random.next()) / options.calls) * 0.985);
    const lengthMs = Math.round(random.between(3, 18) * 60_000);
    const callEndMs = Math.min(begin + lengthMs, options.endMs);
    const roomId = `${random.pick(rooms.map((room) => [room, 1] as const))}-${index % 40}`;
    const callId = `${roomId}-${begin.toString(36)}-${Math.floor(random.next() * 2 ** 40).toString(16)}`;
    const tenantId = random.pick([
      ['acme', 3],
      ['globex', 1],
    ] as const);
    const node = random.pick(nodes);
    const count = random.pick([
      [2, 5],
      [3, 4],
      [4, 2],
      [5, 1],
    ] as const);
    const people = Array.from({ length: count }, (_, place): Person => {
      const american = node === 'sfu-iad-1';
      const browser = random.pick([
        ['Google Chrome', 6],
        ['Microsoft Edge', 2],
        ['Firefox', 1],
        ['Safari', 2],
      ] as const);
      const failed = random.next() < (overloaded(begin) && node === overloadedNode ? 0.06 : 0.003);
      const joinedMs = Math.min(begin + place * Math.round(random.between(2_000, 20_000)), callEndMs);
      return {
        callId,
        roomId,
        tenantId,
        node,
        participantId: `p${index}-${place + 1}`,
        displayName: names[(index + place) % names.length]!,
        country: american
          ? random.pick([
              ['US', 5],
              ['CA', 1],
            ] as const)
          : random.pick([
              ['DE', 4],
              ['FR', 2],
              ['PL', 1],
            ] as const),
        operator: american
          ? random.pick([
              ['Comcast', 2],
              ['Verizon', 1],
            ] as const)
          : random.pick([
              ['Deutsche Telekom', 3],
              ['Vodafone', 2],
              ['Orange', 2],
            ] as const),
        browser,
        browserVersion:
          browser === 'Safari'
            ? '26'
            : random.pick([
                ['141', 2],
                ['142', 5],
              ] as const),
        platform:
          browser === 'Safari'
            ? 'macOS'
            : random.pick([
                ['Windows', 5],
                ['macOS', 2],
                ['Linux', 1],
              ] as const),
        codec: browser === 'Safari' ? 'H264' : 'VP8',
        relayProtocol: random.pick([
          ['', 30],
          ['udp', 6],
          ['tcp', 2],
        ] as const),
        joinedMs,
        leftMs: failed ? joinedMs : callEndMs,
        joinError: failed ? random.pick(joinErrors) : '',
        joinMs: Math.round(
          650 +
            random.between(0, 500) +
            random.next() ** 12 * 3_500 +
            (overloaded(begin) && node === overloadedNode ? random.between(200, 1_500) : 0),
        ),
      };
    });
    return { callId, roomId, tenantId, node, startMs: begin, endMs: callEndMs, people };
  };

  return {
    options,
    startMs,
    random,
    calls: Array.from({ length: options.calls }, (_, index) => callOf(index)),
    overloaded,
    trouble(person, atMs) {
      // Each person has a weak moment or none, always the same.
      const own =
        person.participantId.split('').reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 997, 7) /
        997;
      const weak = own > 0.985 ? 0.35 + 0.4 * Math.max(0, Math.sin((atMs - person.joinedMs) / 90_000)) : 0;
      const relay = person.relayProtocol === 'tcp' ? 0.62 : person.relayProtocol === 'udp' ? 0.04 : 0;
      const node = person.node === overloadedNode && overloaded(atMs) ? 0.55 : 0;
      return Math.min(1, weak + relay + node);
    },
  };
}
