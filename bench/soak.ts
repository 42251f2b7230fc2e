/**
 * Whether anything is lost or doubled, and whether memory stays flat, at 70 % of what this machine sustains, while the
 * collector and ClickHouse are killed with SIGKILL once each in every minute. Every request carries a session id of
 * its own and is sent again until it is acknowledged, as SDKs do; at the end ClickHouse is asked for each.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type Benchmark, type BenchmarkReport, commit, machine, optionOf } from './benchmark.ts';
import { requestBody } from './ingest/payload.ts';
import { type Rig, residentMb, startRig } from './ingest/rig.ts';
import { type Participant, participants, Sender } from './ingest/senders.ts';

const recordsPerRequest = 200;
const participantCount = 4_000;
const connections = 32;
const loadShare = 0.7;
const killEverySeconds = 60;

export const soakBenchmark: Benchmark = {
  summary: 'loss, duplicates and memory under load with kill -9 of collector and ClickHouse',
  usage: '--seconds N (default 600)',
  run: runSoak,
};

async function runSoak(args: readonly string[]): Promise<BenchmarkReport> {
  const seconds = optionOf(args, '--seconds', 600);
  const writers = await participants(participantCount);
  await using rig = await startRig();
  const sender = new Sender(rig.port);
  const stream = new Sessions(sender, writers);

  const perSecond = (await stream.run(5, Number.POSITIVE_INFINITY)) * loadShare;
  await rig.settled();

  const ending = new AbortController();
  const watched = watch(rig, ending.signal);
  const killing = killAll(rig, seconds);
  await stream.run(seconds, perSecond);
  const kills = await killing;
  await rig.settled();
  ending.abort();
  const lives = await watched;
  sender.close();

  const sent = stream.sessions * recordsPerRequest;
  const query = `SELECT toUInt32(sum(n)) AS stored, toUInt32(sum(least(n, ${recordsPerRequest}))) AS kept
    FROM (SELECT session_id, count() AS n FROM rtc_stats_inbound_rtp GROUP BY session_id)`;
  const answer = await rig.client.query({ query, format: 'JSONEachRow' });
  const [found] = await answer.json<{ stored: number; kept: number }>();
  const { stored, kept } = found!;
  const first = lives[0] ?? 0;
  return {
    name: 'soak',
    date: new Date().toISOString(),
    machine: machine(),
    sizes: { seconds, recordsPerRequest, rowsPerSecond: Math.round(perSecond * recordsPerRequest) },
    result: {
      sent,
      stored,
      lost: sent - kept,
      duplicates: stored - kept,
      kills,
      rssGrowthMb: (lives.at(-1) ?? first) - first,
    },
    details: { commit: commit(), rssMbOfLives: lives, attempts: stream.attempts },
  };
}

/** Each kills once in a period, half a period apart. @returns how many */
async function killAll(rig: Rig, seconds: number): Promise<number> {
  const period = Math.min(killEverySeconds, seconds / 2) * 1_000;
  const until = performance.now() + seconds * 1_000;
  let kills = 0;
  for (; performance.now() + period / 2 < until; kills++) {
    await delay(period / 2);
    if (kills % 2 === 0) await rig.killCollector();
    else await rig.killClickHouse();
  }
  return kills;
}

/** @returns the largest resident size of each life of the collector, MB, but for lives of a few seconds */
async function watch(rig: Rig, signal: AbortSignal): Promise<number[]> {
  const lives = new Map<number, number[]>();
  while (!signal.aborted) {
    try {
      const { collectorPid } = rig;
      const sizes = lives.get(collectorPid) ?? [];
      sizes.push(residentMb(collectorPid));
      lives.set(collectorPid, sizes);
    } catch {
      // Between two lives.
    }
    await delay(500);
  }
  return [...lives.values()].filter((sizes) => sizes.length > 4).map((sizes) => Math.max(...sizes));
}

/** Requests that differ in their session id only, which is told in the resource, at their beginning. */
class Sessions {
  sessions = 0;
  attempts = 0;
  readonly #sender: Sender;
  readonly #writers: readonly Participant[];
  readonly #head: Buffer;
  readonly #idAt: number;
  /** The rest, compressed once: a gzip body may have several parts. */
  readonly #rest: Buffer;

  constructor(sender: Sender, writers: readonly Participant[]) {
    this.#sender = sender;
    this.#writers = writers;
    const body = gunzipSync(requestBody(1, recordsPerRequest, Date.now()));
    const key = Buffer.from('rtc.session_id');
    // The key, the value's tag and length, the text's tag and length.
    this.#idAt = body.indexOf(key) + key.length + 4;
    const end = this.#idAt + 35;
    this.#head = body.subarray(0, end);
    this.#rest = gzipSync(body.subarray(end));
  }

  /** @returns requests a second that were acknowledged */
  async run(seconds: number, perSecond: number): Promise<number> {
    const startedAt = performance.now();
    const until = startedAt + seconds * 1_000;
    const before = this.sessions;
    let begun = 0;
    const connection = async () => {
      while (performance.now() < until) {
        const dueAt = startedAt + (begun++ / perSecond) * 1_000;
        const early = dueAt - performance.now();
        if (early > 1) await delay(early);
        const session = ++this.sessions;
        const body = this.#body(session);
        const writer = this.#writers[session % this.#writers.length]!;
        this.attempts++;
        while ((await this.#sender.logs(body, writer)) !== 200) {
          this.attempts++;
          await delay(200);
        }
      }
    };
    await Promise.all(Array.from({ length: connections }, connection));
    return (this.sessions - before) / ((performance.now() - startedAt) / 1_000);
  }

  #body(session: number): Buffer {
    this.#head.write(String(session).padStart(12, '0'), this.#idAt, 'latin1');
    return Buffer.concat([gzipSync(this.#head, { level: 1 }), this.#rest]);
  }
}
