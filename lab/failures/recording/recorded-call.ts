/** A call that is recorded, its recorder and finisher with a bucket behind them, and what became of the recording. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import type { Browser } from 'playwright-core';
import { freePort } from '../../../runtime/embedded/ports.ts';
import { type Stack, startStack } from '../../../runtime/stack.ts';
import { events } from '../../../telemetry/events.ts';
import { recordingPaths } from '../../../telemetry/recording.ts';
import { clearStore } from '../../clear.ts';
import { launchBrowser } from '../../participants/browser.ts';
import { joinCall } from '../../participants/participant.ts';
import type { FailureContext } from '../scenario.ts';
import { type FakeS3, startFakeS3 } from './fake-s3.ts';

export interface Studio {
  readonly stack: Stack;
  readonly s3: FakeS3;
  readonly signal: AbortSignal;
  readonly recorderUrl: string;
  /** Somebody is in a room that is recorded, and packets are on the recorder's disk. */
  record(): Promise<RecordedCall>;
  /** What the finisher has logged so far. */
  finisherLog(): string;
  /** @returns ms from `sinceMs` until it holds; null: not within the limit */
  until(sinceMs: number, limitMs: number, holds: () => boolean | Promise<boolean>): Promise<number | null>;
  rows<Row>(query: string, parameters?: Record<string, string | number>): Promise<Row[]>;
  insert(table: string, values: object[]): Promise<void>;
  close(): Promise<void>;
}

export interface RecordedCall {
  readonly callId: string;
  /** The recording ends, and the last one leaves. */
  leave(): Promise<void>;
  /** Whether its outcome has been told of as stored: what the promise counts. */
  isStored(): Promise<boolean>;
  /** What is in the bucket against how long it was recorded. Once it is stored. */
  kept(): Kept;
}

export interface Kept {
  /** Recorded and not in the file, s. */
  readonly missingSeconds: number;
  /** The longest time without a picture in the file, s. */
  readonly longestGapSeconds: number;
}

const startLimitMs = 30_000;

/** @param recorderDir where recordings wait. @default in the folder of the scenario */
export async function openStudio(
  { dataDir, screen, signal }: FailureContext,
  recorderDir?: string,
): Promise<Studio> {
  const s3 = await startFakeS3();
  const recorderPort = await freePort();
  const ends: (() => Promise<unknown>)[] = [() => s3.close()];
  const close = async () => {
    for (const end of ends.toReversed()) await end().catch(() => {});
  };
  try {
    const stack = await startStack({
      dataDir,
      ports: { recorder: recorderPort },
      env: {
        CALLSCOPE_SFU_WORKERS: '1',
        CALLSCOPE_LOOP_MODE: 'off',
        CALLSCOPE_RECORDING: 'on',
        CALLSCOPE_RECORDING_STORE: 's3://calls',
        CALLSCOPE_S3_ENDPOINT: s3.url,
        CALLSCOPE_RECORDER_MIN_FREE_MB: '1',
        ...(recorderDir && { CALLSCOPE_RECORDER_DIR: recorderDir }),
        AWS_ACCESS_KEY_ID: 'id',
        AWS_SECRET_ACCESS_KEY: 'secret',
        AWS_REGION: 'eu-central-1',
      },
      log: (line) => screen.print(`  ${line}`, 'dim'),
      signal,
    });
    ends.push(() => stack.stop());
    const browser = await launchBrowser({ givesWay: true });
    ends.push(() => browser.close());
    const clickhouse = createClient({
      url: stack.urls.clickhouse,
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
      log: { level: 127 },
    });
    ends.push(() => clickhouse.close());
    return studio({ stack, s3, browser, clickhouse, recorderPort, signal, scratch: dataDir, close });
  } catch (error) {
    await close();
    throw error;
  }
}

interface Parts {
  readonly stack: Stack;
  readonly s3: FakeS3;
  readonly browser: Browser;
  readonly clickhouse: ClickHouseClient;
  readonly recorderPort: number;
  readonly signal: AbortSignal;
  readonly scratch: string;
  readonly close: () => Promise<void>;
}

function studio({ stack, s3, browser, clickhouse, recorderPort, signal, scratch, close }: Parts): Studio {
  const until: Studio['until'] = async (sinceMs, limitMs, holds) => {
    for (;;) {
      if (await holds()) return Date.now() - sinceMs;
      if (Date.now() - sinceMs > limitMs) return null;
      await sleep(50, undefined, { signal });
    }
  };
  const rows: Studio['rows'] = async <Row>(query: string, query_params = {}) =>
    (await clickhouse.query({ query, query_params, format: 'JSONEachRow' })).json<Row>();
  const told = async (callId: string, name: string, result = '') => {
    const found = await rows<{ n: number }>(
      `SELECT count() AS n FROM rtc_event WHERE call_id = {callId:String} AND name = {name:String}
       AND ({result:String} = '' OR attributes['result'] = {result:String})`,
      { callId, name, result },
    );
    return found[0]!.n > 0;
  };
  return {
    stack,
    s3,
    signal,
    recorderUrl: `http://127.0.0.1:${recorderPort}`,
    until,
    rows,
    async insert(table, values) {
      await clickhouse.insert({ table, values, format: 'JSONEachRow' });
    },
    close,
    finisherLog: () => readFileSync(path.join(stack.logsDir, 'finisher.log'), 'utf8'),
    async record() {
      // Alerts are raised by what this run tells, and not by the one before.
      await clearStore(clickhouse);
      const link = await stack.invite(`recorded-${Date.now().toString(36)}`, 'default', 'recorded');
      const person = await joinCall({ browser, link, name: 'Ana', signal });
      const { callId } = person;
      const began = await until(Date.now(), startLimitMs, () => told(callId, events.recordingStarted));
      if (began === null) throw new Error('the call is not recorded');
      const startedAtMs = Date.now();
      let leftAtMs = Number.NaN;
      return {
        callId,
        async leave() {
          leftAtMs = Date.now();
          // A call waits for its people for a minute; a recording is over when it is said to be.
          const ended = await fetch(`${stack.urls.sfu}${recordingPaths.call(callId)}`, {
            method: 'DELETE',
            headers: { authorization: `Bearer ${stack.secrets.recorder}` },
          });
          if (!ended.ok) throw new Error(`the recording cannot be ended: ${ended.status}`);
          await person.leave().catch(() => {});
          await person.close();
        },
        isStored: () => told(callId, events.recordingFinished, 'stored'),
        kept: () => keptOf(s3, scratch, callId, person.participantId, (leftAtMs - startedAtMs) / 1_000),
      };
    },
  };
}

/** By ffprobe, of the participant's own file: what is there was decodable, and when. */
function keptOf(
  s3: FakeS3,
  scratch: string,
  callId: string,
  participantId: string,
  recordedSeconds: number,
): Kept {
  const [, object] =
    [...s3.objects].find(([key]) => key.includes(callId) && key.endsWith(`${participantId}.webm`)) ?? [];
  if (!object) return { missingSeconds: recordedSeconds, longestGapSeconds: recordedSeconds };
  mkdirSync(scratch, { recursive: true });
  const file = path.join(scratch, 'kept.webm');
  writeFileSync(file, object.bytes);
  try {
    const show = ['-show_entries', 'packet=pts_time', '-select_streams', 'v', '-of', 'csv=p=0'];
    const times = execFileSync('ffprobe', ['-loglevel', 'error', ...show, file])
      .toString()
      .split('\n')
      .map((line) => Number.parseFloat(line))
      .filter((time) => Number.isFinite(time))
      .sort((a, b) => a - b);
    const [first = 0] = times;
    const gaps = times.map((time, i) => time - (times[i - 1] ?? first));
    return {
      missingSeconds: Math.max(0, recordedSeconds - ((times.at(-1) ?? first) - first)),
      longestGapSeconds: Math.max(0, ...gaps),
    };
  } finally {
    if (existsSync(file)) rmSync(file);
  }
}
