import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startFakeS3 } from '../../lab/failures/recording/fake-s3.ts';
import { Layout } from '../../recorder/disk/layout.ts';
import { events } from '../../telemetry/events.ts';
import { recordingPaths } from '../../telemetry/recording.ts';
import { until } from '../support/waiting.ts';
import { probe, type Rig, readStored, type Service, startRig } from './support/rig.ts';
import { sentence, speak, speechFile } from './support/speaker.ts';

let rig: Rig;
let recorder: Service;
let voice: ReturnType<typeof speechFile>;

beforeAll(async () => {
  voice = speechFile(sentence);
  rig = await startRig(inject('redisUrl'), 5);
  recorder = await rig.recorder();
});

afterAll(async () => {
  await rig?.stop();
  voice?.remove();
});

const wanted = (roomId: string, transcribe = false) =>
  rig.request('POST', '/api/v1/recordings', { tenantId: 'acme', roomId, transcribe });

test('who speaks in a recorded room is heard, seen and written down; nothing stays on the recorder', async () => {
  const finisher = await rig.finisher();
  const speaker = await speak(rig.node, 'spoken', 'Ada', voice.file);
  expect(await wanted('spoken', true)).toBe(202);
  // What one hearing leaves out the other has.
  await until('it was said twice, and is on the disk', async () => (await bytesOnDisk()) > 600_000, {
    limitMs: 60_000,
  });
  expect(rig.told(events.recordingStarted)).toMatchObject([
    { source: 'recorder', attributes: { call_id: speaker.callId, tenant_id: 'acme', room_id: 'spoken' } },
  ]);
  await speaker.leave();
  expect(await rig.request('DELETE', `/api/v1/recordings/${speaker.callId}`)).toBe(200);

  await until('the transcript is stored', async () =>
    rig.stored().some((name) => name.endsWith('transcript.vtt')),
  );
  const [piece] = rig.told(events.transcriptionSegment);
  expect(piece).toMatchObject({
    source: 'transcriber',
    attributes: { participant_id: speaker.participantId, engine: 'pocketsphinx' },
  });
  expect(Number(piece?.attributes.latency_ms)).toBeLessThan(60_000);
  expect(rig.told(events.recordingStopped)).toMatchObject([{ attributes: { reason: 'stopped' } }]);
  expect(rig.told(events.recordingFinished)).toMatchObject([{ attributes: { result: 'stored', files: 3 } }]);
  const folder = path.dirname(rig.stored()[0]!);
  expect(rig.stored().map((name) => path.basename(name))).toEqual([
    'composed.webm',
    `${speaker.participantId}.webm`,
    'recording.json',
    'transcript.json',
    'transcript.vtt',
  ]);
  expect(folder.split('/').slice(0, 2)).toEqual(['acme', speaker.callId]);
  const own = probe(path.join(rig.storeDir, folder, `${speaker.participantId}.webm`));
  expect(own.streams.map(({ codec }) => codec).sort()).toEqual(['opus', 'vp8']);
  // Picture and voice begin together, to what two encoders differ.
  expect(Math.abs(own.streams[0]!.startS - own.streams[1]!.startS)).toBeLessThan(1.5);
  const composed = probe(path.join(rig.storeDir, folder, 'composed.webm'));
  expect(composed.streams.map(({ codec }) => codec).sort()).toEqual(['opus', 'vp8']);
  expect(Math.abs(composed.durationS - own.durationS)).toBeLessThan(1);

  const { lines } = JSON.parse(readStored(rig, `${folder}/transcript.json`)) as {
    lines: { text: string; displayName: string; startMs: number }[];
  };
  const words = new Set(lines.flatMap(({ text }) => text.split(' ')));
  const recognised = ['one', 'two', 'three', 'four', 'five', 'six', 'open', 'door', 'want', 'go'].filter(
    (word) => words.has(word),
  );
  expect(recognised.length, `of "${[...words].join(' ')}"`).toBeGreaterThanOrEqual(5);
  expect(lines.every(({ displayName }) => displayName === 'Ada')).toBe(true);
  await until('the recorder has nothing of it any more', async () => finisher.log().includes('removed here'));
});

test('a recorder killed in mid-call: what came until then is stored, and the call is recorded on', async () => {
  const speaker = await speak(rig.node, 'killed', 'Ben', voice.file);
  expect(await wanted('killed')).toBe(202);
  const ofCall = (name: string) =>
    rig.told(name).filter(({ attributes }) => attributes.call_id === speaker.callId);
  await until('it is recorded', async () => ofCall(events.recordingStarted).length === 1);
  await until(
    'three seconds are on the disk',
    async () => recorder.log().includes('recording') && (await bytesOnDisk()) > 60_000,
  );
  const killedAtMs = Date.now();
  await recorder.kill('SIGKILL');
  recorder = await rig.recorder();
  await until(
    'another recording of the call has begun',
    async () => ofCall(events.recordingStarted).length === 2,
  );
  await until('it has a second of media', async () => (await bytesOnDisk()) > 120_000);
  await speaker.leave();
  expect(await rig.request('DELETE', `/api/v1/recordings/${speaker.callId}`)).toBe(200);
  await until('both have ended', async () => ofCall(events.recordingStopped).length === 2);
  expect(ofCall(events.recordingStopped).map(({ attributes }) => attributes.reason)).toEqual([
    'recorder_died',
    'stopped',
  ]);

  // The finisher is killed in the middle of its work: another one does it again.
  const first = await rig.finisher();
  await until('it has begun', async () => (await filesBeingMade()) > 0, { everyMs: 10 });
  await first.kill('SIGKILL');
  await rig.finisher();
  const finished = () => ofCall(events.recordingFinished);
  await until(
    'both are stored',
    async () => new Set(finished().map(({ attributes }) => attributes.recording_id)).size === 2,
    { limitMs: 50_000 },
  );
  expect(finished().every(({ attributes }) => attributes.result === 'stored')).toBe(true);
  const ofThisCall = rig.stored().filter((name) => name.includes(speaker.callId));
  const folders = new Set(ofThisCall.map((name) => path.dirname(name)));
  expect(folders.size).toBe(2);
  const [before] = [...folders].sort();
  const info = JSON.parse(readStored(rig, `${before}/recording.json`)) as { startedAtMs: number };
  const { durationS } = probe(path.join(rig.storeDir, before!, `${speaker.participantId}.webm`));
  // All but the last fraction of a second before the kill.
  expect(killedAtMs - info.startedAtMs - durationS * 1_000).toBeLessThan(1_000);
});

test('a bucket that refuses loses nothing: all is there once it takes it again', async () => {
  const s3 = await startFakeS3();
  s3.mode = 'refuses';
  const finisher = await rig.finisher({
    CALLSCOPE_RECORDING_STORE: 's3://calls',
    CALLSCOPE_S3_ENDPOINT: s3.url,
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_REGION: 'eu-central-1',
  });
  const speaker = await speak(rig.node, 'refused', 'Cem', voice.file);
  expect(await wanted('refused')).toBe(202);
  await until('something is on the disk', async () => (await bytesOnDisk()) > 40_000);
  await speaker.leave();
  expect(await rig.request('DELETE', `/api/v1/recordings/${speaker.callId}`)).toBe(200);
  await until('it was tried twice', async () => finisher.log().split('store_refused').length > 2);
  expect(
    rig.told(events.recordingFinished).filter(({ attributes }) => attributes.call_id === speaker.callId),
  ).toEqual([]);
  expect(await bytesOnDisk()).toBeGreaterThan(40_000);
  s3.mode = 'good';
  await until('nothing waits on the disk', async () => (await bytesOnDisk()) === 0);
  expect([...s3.objects.keys()].map((key) => path.basename(key)).sort()).toEqual([
    'composed.webm',
    `${speaker.participantId}.webm`,
    'recording.json',
  ]);
  await s3.close();
});

test('without the secret nothing is recorded, ended or taken', async () => {
  const { callId } = (await rig.node.join('private', 'Dee')).joined!;
  for (const [method, at] of [
    ['POST', recordingPaths.wanted],
    ['DELETE', recordingPaths.call(callId)],
    ['POST', recordingPaths.tap(callId)],
    ['POST', recordingPaths.streams(callId)],
    ['POST', recordingPaths.alive(callId)],
  ] as const) {
    const response = await fetch(`${rig.node.url}${at}`, {
      method,
      headers: { authorization: 'Bearer guess' },
    });
    expect(response.status).toBe(401);
  }
  expect(await rig.request('DELETE', recordingPaths.call(callId))).toBe(404);
});

const bytesOnDisk = () => new Layout(rig.recorderDir).pendingBytes();

async function filesBeingMade(): Promise<number> {
  const all = await readdir(rig.recorderDir, { recursive: true });
  return all.filter((name) => name.includes('files.tmp/') && name.endsWith('.webm')).length;
}
