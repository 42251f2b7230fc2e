/**
 * Recordings that people dropped on the page: each in a process of its own, for half an hour after it was last asked
 * for, a few at a time. Nothing of them is stored; the uploaded file is deleted as soon as it is read.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CallSource } from '../calls/source.ts';
import type { CallPage, EventList, SampleList, SeriesAnswer } from '../contract.ts';
import { InspectorError } from '../errors.ts';
import type { Ask, RecordingTask, Told } from './messages.ts';

export const importPrefix = 'recording-';

const mostKept = 4;
const mostReading = 2;
const keptMs = 30 * 60_000;
/** Longest time that reading and judging may take. */
const patienceMs = 180_000;
/** A recording at the bounds of quality/recordings/limits.ts takes about so much, MiB. */
const enoughMb = 1_200;

export interface Imports {
  /**
   * @param maxBytes of the upload, as it comes
   * @throws InspectorError `recording_malformed`, `recording_too_large`, `too_many_imports`
   */
  take(tenantId: string, body: NodeJS.ReadableStream, maxBytes: number): Promise<CallPage>;
  /** @returns undefined when it is not (any more) there, or is somebody else's */
  find(tenantId: string, callId: string): CallSource | undefined;
  close(): Promise<void>;
}

interface Kept {
  readonly tenantId: string;
  readonly page: CallPage;
  readonly reader: ChildProcess;
  readonly source: CallSource;
  usedAt: number;
}

/** @param memoryMb most of the heap of each process that reads, MiB; for tests */
export function openImports(now: () => number, memoryMb = enoughMb): Imports {
  const kept = new Map<string, Kept>();
  let reading = 0;

  async function drop(callId: string): Promise<void> {
    const found = kept.get(callId);
    kept.delete(callId);
    if (found) await end(found.reader);
  }

  const timer = setInterval(() => {
    for (const [id, { usedAt }] of kept) if (now() - usedAt > keptMs) void drop(id);
  }, 60_000).unref();

  async function makeRoom(): Promise<void> {
    const oldest = [...kept].sort(([, a], [, b]) => a.usedAt - b.usedAt);
    for (const [id] of oldest.slice(0, Math.max(0, kept.size - mostKept + 1))) await drop(id);
  }

  return {
    async take(tenantId, body, maxBytes) {
      if (reading >= mostReading) throw new InspectorError('too_many_imports', `${reading} are being read.`);
      reading++;
      const folder = await mkdtemp(path.join(tmpdir(), 'callscope-import-'));
      try {
        const file = path.join(folder, 'recording');
        await pipeline(body, bounded(maxBytes), createWriteStream(file, { mode: 0o600 }));
        await makeRoom();
        const callId = importPrefix + randomBytes(12).toString('hex');
        const { reader, page } = await read({ file, callId }, memoryMb);
        kept.set(callId, { tenantId, page, reader, source: sourceOf(reader, page), usedAt: now() });
        reader.on('exit', () => kept.delete(callId));
        return page;
      } finally {
        reading--;
        await rm(folder, { recursive: true, force: true });
      }
    },
    find(tenantId, callId) {
      const found = kept.get(callId);
      if (!found || found.tenantId !== tenantId) return undefined;
      found.usedAt = now();
      return found.source;
    },
    async close() {
      clearInterval(timer);
      await Promise.all([...kept.keys()].map(drop));
    },
  };
}

function bounded(maxBytes: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= maxBytes) return done(null, chunk);
      done(tooLarge(`It is longer than ${Math.round(maxBytes / 2 ** 20)} MiB.`));
    },
  });
}

async function read(
  task: RecordingTask,
  memoryMb: number,
): Promise<{ reader: ChildProcess; page: CallPage }> {
  const reader = fork(new URL('reader.ts', import.meta.url), [JSON.stringify(task)], {
    execArgv: [`--max-old-space-size=${memoryMb}`],
    serialization: 'advanced',
    // What V8 prints when memory ends is of no use to anybody here.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: {},
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    const page = await new Promise<CallPage>((resolve, reject) => {
      timer = setTimeout(
        () => reject(tooLarge(`It takes longer than ${patienceMs / 1000} s to read.`)),
        patienceMs,
      );
      reader.once('message', (told: Told) => {
        if (told.kind === 'page') resolve(told.page);
        else if (told.kind === 'refused') reject(new InspectorError('recording_malformed', `${told.why}.`));
      });
      reader.once('error', reject);
      reader.once('exit', (code, signal) =>
        reject(
          // V8 aborts when its heap ends; the system kills when its own does.
          signal === 'SIGABRT' || signal === 'SIGKILL'
            ? tooLarge(`It takes more than ${memoryMb} MiB of memory to read.`)
            : new Error(`the process that read the recording ended with ${signal ?? code}`),
        ),
      );
    });
    return { reader, page };
  } catch (error) {
    await end(reader);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

const tooLarge = (what: string): InspectorError => new InspectorError('recording_too_large', what);

async function end(reader: ChildProcess): Promise<void> {
  if (reader.exitCode !== null || reader.signalCode !== null) return;
  const gone = once(reader, 'exit');
  reader.kill('SIGKILL');
  await gone;
}

function sourceOf(reader: ChildProcess, page: CallPage): CallSource {
  let nextId = 1;
  const waiting = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>();
  reader.on('message', (told: Told) => {
    if (told.kind !== 'answer' && told.kind !== 'failed') return;
    const asked = waiting.get(told.id);
    waiting.delete(told.id);
    if (told.kind === 'answer') asked?.resolve(told.answer as never);
    else asked?.reject(new Error(told.why));
  });
  const ended = () => {
    for (const { reject } of waiting.values()) reject(new Error('the recording is no longer held'));
    waiting.clear();
  };
  reader.on('error', ended);
  reader.on('exit', ended);
  const ask = <T>(question: (id: number) => Ask): Promise<T> =>
    new Promise((resolve, reject) => {
      const id = nextId++;
      waiting.set(id, { resolve, reject });
      reader.send(question(id));
    });
  return {
    page: async () => page,
    series: (request) => ask<SeriesAnswer>((id) => ({ id, kind: 'series', request })),
    events: (request) => ask<EventList>((id) => ({ id, kind: 'events', request })),
    samples: (request) => ask<SampleList>((id) => ({ id, kind: 'samples', request })),
  };
}
