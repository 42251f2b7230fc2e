/**
 * How often to sample, and when to send: slowly when calm, fast when something moves. Pure: time and reports
 * come in, the next interval goes out.
 */
import { isProbation, type RawStats } from '../../telemetry/browser-stats.ts';

/** Nothing moves: every five-second window still holds two or three samples of every stream. */
export const CALM_INTERVAL_MS = 2_000;
/** Something moves: a fault is sent within about a second of the statistics showing it. */
export const ALERT_INTERVAL_MS = 1_000;
/** How long one movement keeps the pace up. Recovery from congestion takes this long or longer. */
export const ALERT_MS = 10_000;
/** While the join trace is open: first packet and first frame are dated to a quarter second at worst. */
export const JOIN_INTERVAL_MS = 250;
/** Page hidden and no media flows either way: only to notice when that changes. */
export const IDLE_INTERVAL_MS = 5_000;
/** A sample may be asked for from several sides (events, timers); they are never closer than this. */
export const MIN_INTERVAL_MS = 200;

/**
 * Windows of scoring, on the server's clock. Calm samples wait for the end of their window and leave together:
 * the window is complete when it ends, and the attribute names, half of a small request, are paid for once in five
 * seconds. So do those of all participants of a call, which then share the store's inserts. Nothing that moves waits.
 */
export const WINDOW_MS = 5_000;
/** Calls are spread over this part of the next window, so that a fleet does not send all at once. */
export const SPREAD_MS = 500;
/** What is sent while joining is sent at most this often; spans and state changes do not wait for it. */
export const JOIN_FLUSH_MS = 1_000;

/**
 * RTT moved: it differs from its running mean by more than half of it, and by more than this, s. A full queue adds
 * 200 ms and more; a machine that is merely busy adds 50 ms now and then, and that must not keep the pace up.
 */
const RTT_SHIFT_SECONDS = 0.1;
/** Weight of the newest RTT in its running mean: about five samples of memory. */
const RTT_WEIGHT = 0.2;
/** Share of audibly concealed samples in an interval; below are the everyday clicks nobody hears. */
const CONCEALED_RATIO = 0.02;
/** The page got its turn this late: the device is too busy, ms. */
const PAGE_LATE_MS = 150;
/** Lost packets in an interval; one or two are everyday and would keep the pace up for ever. */
const LOST_PACKETS = 3;

export interface SamplingState {
  readonly hidden: boolean;
  readonly joining: boolean;
}

/** What is remembered of one stream. */
interface Stream {
  readonly stats: RawStats;
  readonly packets: number;
  readonly frames: number;
  readonly rttMean: number | undefined;
}

export class Sampler {
  private movedAtMs = Number.NEGATIVE_INFINITY;
  private readonly streams = new Map<string, Map<string, Stream>>();
  private readonly flowing = new Map<string, boolean>();

  /** Something happened that statistics may not show yet: ICE or connection state, a new track. */
  moved(nowMs: number): void {
    this.movedAtMs = nowMs;
  }

  /** Looks at one report of one connection. Returns whether something moved. */
  observe(connection: string, objects: readonly RawStats[], nowMs: number): boolean {
    const before = this.streams.get(connection);
    const after = new Map<string, Stream>();
    let moved = false;
    let flowing = false;
    for (const stats of objects) {
      if (isProbation(stats)) continue;
      const previous = before?.get(stats.id);
      const stream = follow(stats, previous);
      if (!stream) continue;
      after.set(stats.id, stream);
      moved ||= previous ? hasMoved(stream, previous) : isMedia(stats);
      flowing ||= isMedia(stats) && stream.packets > 0;
    }
    this.streams.set(connection, after);
    this.flowing.set(connection, flowing);
    if (moved) this.movedAtMs = nowMs;
    return moved;
  }

  forget(connection: string): void {
    this.streams.delete(connection);
    this.flowing.delete(connection);
  }

  alert(nowMs: number): boolean {
    return nowMs - this.movedAtMs < ALERT_MS;
  }

  intervalMs({ hidden, joining }: SamplingState, nowMs: number): number {
    if (joining) return JOIN_INTERVAL_MS;
    if (this.alert(nowMs)) return ALERT_INTERVAL_MS;
    const flowing = [...this.flowing.values()].some(Boolean);
    return hidden && !flowing ? IDLE_INTERVAL_MS : CALM_INTERVAL_MS;
  }

  /**
   * How long a sample taken now may wait for company; 0: not at all.
   * @param serverNowMs sets the windows' grid
   * @param phaseMs of the call, see `phaseOf`
   */
  holdMs(state: SamplingState, nowMs: number, serverNowMs: number, phaseMs = 0): number {
    if (state.joining) return JOIN_FLUSH_MS;
    if (this.alert(nowMs)) return 0;
    return WINDOW_MS - (serverNowMs % WINDOW_MS) + phaseMs;
  }
}

/** The same for all participants of a call: when after a window's end their samples leave, ms. */
export function phaseOf(key: string): number {
  let hash = 0;
  for (const letter of key) hash = (hash * 31 + letter.codePointAt(0)!) >>> 0;
  return hash % SPREAD_MS;
}

/** Undefined for kinds that say nothing about movement. */
function follow(stats: RawStats, previous: Stream | undefined): Stream | undefined {
  switch (stats.type) {
    case 'inbound-rtp':
    case 'outbound-rtp':
    case 'remote-inbound-rtp':
    case 'transport':
    case 'candidate-pair':
      break;
    default:
      return undefined;
  }
  const before = previous?.stats;
  const rtt = stats.roundTripTime ?? stats.currentRoundTripTime;
  return {
    stats,
    packets: Math.max(grown(stats, before, 'packetsReceived'), grown(stats, before, 'packetsSent')),
    frames: grown(stats, before, 'framesDecoded'),
    rttMean:
      typeof rtt !== 'number'
        ? previous?.rttMean
        : previous?.rttMean === undefined
          ? rtt
          : previous.rttMean + RTT_WEIGHT * (rtt - previous.rttMean),
  };
}

function hasMoved(stream: Stream, previous: Stream): boolean {
  const { stats } = stream;
  const before = previous.stats;
  const changed = (member: string) => stats[member] !== before[member];
  switch (stats.type) {
    case 'inbound-rtp':
      return (
        lost(stats, before) >= LOST_PACKETS ||
        grown(stats, before, 'freezeCount') > 0 ||
        grown(stats, before, 'concealedSamples') - grown(stats, before, 'silentConcealedSamples') >
          CONCEALED_RATIO * grown(stats, before, 'totalSamplesReceived') ||
        // Browsers count a freeze only when it is over; that frames or packets stopped shows at once.
        previous.packets > 0 !== stream.packets > 0 ||
        (previous.frames > 0 && stream.frames === 0)
      );
    case 'outbound-rtp':
      return (
        changed('qualityLimitationReason') ||
        changed('active') ||
        // A camera or an encoder that has stopped, and one that goes on again.
        previous.packets > 0 !== stream.packets > 0
      );
    case 'remote-inbound-rtp':
      return lost(stats, before) >= LOST_PACKETS || rttMoved(stats.roundTripTime, previous);
    case 'candidate-pair':
      return rttMoved(stats.currentRoundTripTime, previous);
    default:
      return (
        changed('dtlsState') ||
        changed('iceState') ||
        changed('selectedCandidatePairId') ||
        number(stats.pageLateMs) >= PAGE_LATE_MS
      );
  }
}

const isMedia = ({ type }: RawStats): boolean => type === 'inbound-rtp' || type === 'outbound-rtp';

function rttMoved(rtt: unknown, { rttMean }: Stream): boolean {
  if (typeof rtt !== 'number' || rttMean === undefined) return false;
  return Math.abs(rtt - rttMean) > Math.max(RTT_SHIFT_SECONDS, rttMean / 2);
}

/** Since the sample before; a counter that fell was reset, and counts from zero. */
function grown(stats: RawStats, before: RawStats | undefined, member: string): number {
  const now = number(stats[member]);
  const then = number(before?.[member]);
  return now >= then ? now - then : now;
}

/** Not a plain counter: late packets and duplicates let it fall. */
const lost = (stats: RawStats, before: RawStats): number =>
  number(stats.packetsLost) - number(before.packetsLost);

const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
