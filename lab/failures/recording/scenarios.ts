/** What recordings must outlast: programs and processes that are killed, a disk that is full, a store that does not take them. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FailureRun, FailureScenario } from '../scenario.ts';
import { alertsOf } from './alerts.ts';
import { openStudio, type RecordedCall, type Studio } from './recorded-call.ts';

const recordMs = 8_000;
const storeLimitMs = 90_000;
const noticeLimitMs = 30_000;
/** The encoder's start, and the last tenth of a second. */
const missingAllowedSeconds = 1.5;
/** A camera of eight pictures a second on a machine that is busy. */
const gapAllowedSeconds = 1.5;

const lossOf = 'recordings of which more than 1.5 s are missing';
const notStored =
  'the finisher’s log; “On recorders’ disks” and “Oldest not uploaded” of the dashboard; the SLO Recording';

/** Once the call is over: until it is stored, and whether it is whole. */
async function outcome(
  { until }: Studio,
  call: RecordedCall,
  faultAtMs: number,
): Promise<Pick<FailureRun, 'recoverMs' | 'lost' | 'incidents' | 'also'>> {
  const recoverMs = await until(faultAtMs, storeLimitMs, () => call.isStored());
  const { missingSeconds, longestGapSeconds } = call.kept();
  const whole = missingSeconds <= missingAllowedSeconds && longestGapSeconds <= gapAllowedSeconds;
  return {
    recoverMs,
    lost: recoverMs !== null && whole ? 0 : 1,
    incidents: [],
    also: {
      storedCounted: recoverMs === null ? 0 : 1,
      missingS: rounded(missingSeconds),
      longestGapS: rounded(longestGapSeconds),
    },
  };
}

/** The scenario's studio serves all its runs. */
const inStudio =
  (play: (studio: Studio) => Promise<FailureRun>): FailureScenario['open'] =>
  async (context) => {
    const studio = await openStudio(context);
    return { close: studio.close, play: () => play(studio) };
  };

const rounded = (seconds: number) => Math.round(10 * seconds) / 10;
const times = (text: string, part: string) => text.split(part).length - 1;

/** A program that the finisher runs at this moment. */
function childOf(parent: number, program: string): number | null {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [of, after] = [
        stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')),
        stat.slice(stat.lastIndexOf(')') + 2),
      ];
      if (of === program && Number(after.split(' ')[1]) === parent) return Number(name);
    } catch {
      // Ended while it was looked at.
    }
  }
  return null;
}

/** Watches from before the call is over: the files of a short one are made within a second. */
async function whileMuxing(studio: Studio, kill: (ffmpeg: number) => void): Promise<number> {
  const from = Date.now();
  let ffmpeg: number | null = null;
  await studio.until(from, noticeLimitMs, () => {
    ffmpeg = childOf(studio.stack.pid('finisher'), 'ffmpeg');
    return ffmpeg !== null;
  });
  if (ffmpeg === null) throw new Error('no ffmpeg was seen at work');
  kill(ffmpeg);
  return Date.now();
}

const ffmpegKilled: FailureScenario = {
  name: 'recording-ffmpeg-killed',
  fault: 'kill -9 of ffmpeg while it makes the files of a recording',
  detection: 'the finisher: the program ended by a signal; its log',
  raises: [],
  mitigation: 'the recording is made anew from its packets a second later',
  lossOf,
  open: inStudio(async (studio) => {
    const call = await studio.record();
    await sleep(recordMs);
    const before = times(studio.finisherLog(), 'program_failed');
    const killed = whileMuxing(studio, (ffmpeg) => process.kill(ffmpeg, 'SIGKILL'));
    await call.leave();
    const faultAtMs = await killed;
    const detectMs = await studio.until(
      faultAtMs,
      noticeLimitMs,
      () => times(studio.finisherLog(), 'program_failed') > before,
    );
    const came = await outcome(studio, call, faultAtMs);
    return { detectMs, mitigateMs: null, ...came, alerts: await alertsOf(studio, call.callId) };
  }),
};

const finisherKilled: FailureScenario = {
  name: 'recording-finisher-killed',
  fault: 'kill -9 of the process that makes files of recordings, in the middle of one',
  detection: 'its supervisor: the process ended',
  raises: [],
  mitigation:
    'it is started again, finds the recording on the disk and makes it anew; ffmpeg has gone with it',
  lossOf,
  open: inStudio(async (studio) => {
    const call = await studio.record();
    await sleep(recordMs);
    const finisher = studio.stack.children.get('finisher')!;
    const { restarts } = finisher;
    const killed = whileMuxing(studio, () => finisher.kill('SIGKILL'));
    await call.leave();
    const faultAtMs = await killed;
    const detectMs = await studio.until(
      faultAtMs,
      noticeLimitMs,
      () => finisher.state !== 'ready' || finisher.restarts > restarts,
    );
    const mitigateMs = await studio.until(
      faultAtMs,
      noticeLimitMs,
      () => finisher.restarts > restarts && finisher.state === 'ready',
    );
    const came = await outcome(studio, call, faultAtMs);
    return { detectMs, mitigateMs, ...came, alerts: await alertsOf(studio, call.callId) };
  }),
};

const storeThat = (
  mode: 'refuses' | 'slow',
  scenario: Pick<FailureScenario, 'name' | 'fault' | 'detection' | 'raises'>,
): FailureScenario => ({
  ...scenario,
  mitigation: 'the recording stays on the recorder’s disk and is tried again after 1, 2, 4 … 60 s',
  lossOf,
  open: inStudio(async (studio) => {
    const call = await studio.record();
    await sleep(recordMs);
    const before = times(studio.finisherLog(), 'store_refused');
    studio.s3.mode = mode;
    try {
      const faultAtMs = Date.now();
      await call.leave();
      const refused = (repeats: number) =>
        studio.until(
          faultAtMs,
          noticeLimitMs,
          () => times(studio.finisherLog(), 'store_refused') > before + repeats,
        );
      const detectMs =
        mode === 'slow'
          ? await studio.until(faultAtMs, noticeLimitMs, () => oldestPending(studio, faultAtMs))
          : await refused(0);
      const mitigateMs = mode === 'slow' ? null : await refused(1);
      // What is slow is late, and no more than that.
      const whileAway = mode === 'slow' ? null : await alertsOf(studio, call.callId);
      if (whileAway) studio.s3.mode = 'good';
      const came = await outcome(studio, call, faultAtMs);
      return { detectMs, mitigateMs, ...came, alerts: whileAway ?? (await alertsOf(studio, call.callId)) };
    } finally {
      studio.s3.mode = 'good';
    }
  }),
});

/** What the dashboard shows: a recording that has ended waits. */
async function oldestPending({ rows }: Studio, sinceMs: number): Promise<boolean> {
  const found = await rows<{ oldest: number }>(
    `SELECT max(value) AS oldest FROM rtc_metric WHERE service_name = 'callscope-recorder'
     AND name = 'rtc.recorder.oldest_pending_seconds' AND time >= fromUnixTimestamp64Milli({since:Int64})`,
    { since: sinceMs },
  );
  return found[0]!.oldest > 0;
}

/** A disk of its own, so that it can be filled. */
const diskMb = 48;
const fullMs = 6_000;

const diskFull: FailureScenario = {
  name: 'recording-disk-full',
  fault: `the recorder’s disk (${diskMb} MB, a tmpfs, for which one must be root) is full for six seconds of a call`,
  detection: 'the recorder: its `/readyz` says that the disk takes nothing, or that too little is free',
  raises: ['recorder-disk (page)'],
  mitigation: 'packets wait in memory, no further call is taken; they are written once there is room',
  lossOf,
  open: async (context) => {
    const disk = path.join(context.dataDir, 'small-disk');
    mkdirSync(disk, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMb}m`, 'callscope-lab', disk]);
    const unmount = () => execFileSync('umount', ['--lazy', disk]);
    const studio = await openStudio(context, path.join(disk, 'recorder')).catch((error: unknown) => {
      unmount();
      throw error;
    });
    return {
      async close() {
        await studio.close();
        unmount();
      },
      async play() {
        const call = await studio.record();
        await sleep(recordMs / 2);
        const filler = path.join(disk, 'filler');
        const faultAtMs = Date.now();
        fill(filler);
        const isReady = async () => (await fetch(`${studio.recorderUrl}/readyz`)).status === 200;
        const detectMs = await studio.until(faultAtMs, noticeLimitMs, async () => !(await isReady()));
        await sleep(Math.max(0, fullMs - (Date.now() - faultAtMs)));
        rmSync(filler);
        await sleep(recordMs / 2);
        await call.leave();
        const came = await outcome(studio, call, faultAtMs);
        return { detectMs, mitigateMs: null, ...came, alerts: await alertsOf(studio, call.callId) };
      },
    };
  },
};

/** Until the disk takes nothing more. */
function fill(file: string): void {
  const handle = openSync(file, 'w');
  try {
    for (let bytes = 2 ** 20; bytes >= 1; ) {
      try {
        writeSync(handle, Buffer.alloc(bytes));
      } catch {
        bytes = Math.floor(bytes / 2);
      }
    }
  } finally {
    closeSync(handle);
  }
}

export const recordingScenarios: readonly FailureScenario[] = [
  ffmpegKilled,
  finisherKilled,
  diskFull,
  storeThat('refuses', {
    name: 'recording-store-refuses',
    fault: 'the bucket answers 503 for half a minute after a recorded call',
    detection: notStored,
    raises: ['recording blind (page)'],
  }),
  storeThat('slow', {
    name: 'recording-store-slow',
    fault: 'the bucket answers after six seconds, each time',
    detection: notStored,
    raises: [],
  }),
];
