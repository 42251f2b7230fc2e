/** A participant who really sends: ffmpeg speaks and shows a test picture as plain RTP into the room's own router. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { types as mediasoup } from 'mediasoup';
import type { TestNode } from '../../sfu/support/node.ts';

/** What pocketsphinx makes out of espeak-ng's voice most of the time. */
export const sentence =
  'One two three four five six. Please open the door and come with me. We want to go to the house.';

export interface Speaker {
  readonly callId: string;
  readonly participantId: string;
  /** Stops sending; the streams are closed as when somebody leaves. */
  leave(): Promise<void>;
}

/** espeak-ng's voice, 48 kHz, with a second of silence after it. */
export function speechFile(text: string): { file: string; remove: () => void } {
  const dir = mkdtempSync(path.join(tmpdir(), 'callscope-voice-'));
  const file = path.join(dir, 'voice.wav');
  execFileSync('espeak-ng', ['-v', 'en-us', '-s', '120', '-w', path.join(dir, 'raw.wav'), text]);
  execFileSync('ffmpeg', [
    ...[
      '-loglevel',
      'error',
      '-y',
      '-i',
      path.join(dir, 'raw.wav'),
      '-af',
      'apad=pad_dur=1',
      '-ar',
      '48000',
      file,
    ],
  ]);
  return { file, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Joins the room and sends until it leaves. */
export async function speak(node: TestNode, roomId: string, name: string, voice: string): Promise<Speaker> {
  const client = await node.join(roomId, name);
  const { callId, participantId } = client.joined!;
  const room = node.rooms.call(callId)!.room!;
  const participant = room.participants.get(participantId)!;
  const produce = async (kind: 'audio' | 'video', rtpParameters: mediasoup.RtpParameters) => {
    const transport = await room.router.createPlainTransport({
      listenInfo: { protocol: 'udp', ip: '127.0.0.1' },
      // ffmpeg sends reports from another port than packets.
      rtcpMux: false,
      comedia: true,
    });
    const producer = await transport.produce({ kind, rtpParameters });
    participant.producers.set(producer.id, {
      producer,
      source: kind === 'audio' ? 'microphone' : 'camera',
      transportId: transport.id,
    });
    return { transport, producer };
  };
  const audio = await produce('audio', {
    codecs: [{ mimeType: 'audio/opus', payloadType: 111, clockRate: 48_000, channels: 2 }],
    encodings: [{ ssrc: 1111 }],
  });
  const video = await produce('video', {
    codecs: [{ mimeType: 'video/VP8', payloadType: 101, clockRate: 90_000 }],
    encodings: [{ ssrc: 2222 }],
  });
  const to = ({ transport }: typeof audio) => {
    return `rtp://127.0.0.1:${transport.tuple.localPort}?rtcpport=${transport.rtcpTuple!.localPort}`;
  };
  const sender: ChildProcess = spawn(
    'ffmpeg',
    [
      ...['-loglevel', 'error', '-nostdin', '-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=10'],
      ...['-re', '-stream_loop', '-1', '-i', voice],
      ...[
        '-map',
        '0:v',
        '-c:v',
        'libvpx',
        '-deadline',
        'realtime',
        '-cpu-used',
        '8',
        '-g',
        '10',
        '-b:v',
        '200k',
      ],
      ...['-f', 'rtp', '-payload_type', '101', '-ssrc', '2222', to(video)],
      ...['-map', '1:a', '-c:a', 'libopus', '-ac', '2', '-b:a', '32k', '-application', 'voip'],
      ...['-f', 'rtp', '-payload_type', '111', '-ssrc', '1111', to(audio)],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const gone = new Promise((resolve) => sender.once('close', resolve));
  let left: Promise<void> | undefined;
  return {
    callId,
    participantId,
    leave() {
      left ??= (async () => {
        sender.kill('SIGKILL');
        await gone;
        for (const { transport, producer } of [audio, video]) {
          participant.producers.delete(producer.id);
          transport.close();
        }
        await client.request('leave', {}).catch(() => {});
        client.close();
      })();
      return left;
    },
  };
}
