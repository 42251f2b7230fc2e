/** One stream of a call: a UDP port for its RTP, what is asked of the node in return, and the files it goes to. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { SentStreamInfo, TakeAnswer } from '../../telemetry/recording.ts';
import type { StreamInfo } from '../disk/segment.ts';
import { type Backlog, SegmentWriter } from '../disk/segment-writer.ts';
import { audioLevel, isRtcp, parseRtp } from '../media/rtp.ts';
import { Feedback } from './feedback.ts';
import { endsBefore, isVoice } from './pieces.ts';

export interface TakenStreamOptions {
  readonly streamId: string;
  readonly sent: SentStreamInfo;
  /** Its folder; it is there. */
  readonly dir: string;
  /** Where this recorder waits for RTP. */
  readonly host: string;
  readonly backlog: Backlog;
  readonly onFault: (error: Error) => void;
  /** Asks the node for the stream. */
  readonly take: (address: { ip: string; port: number }) => Promise<TakeAnswer>;
  /** A segment is complete on the disk. `voiced`: somebody may have spoken in it. */
  readonly onSegment: (segment: number, voiced: boolean) => void;
}

export interface TakenStream {
  readonly info: StreamInfo;
  readonly packets: number;
  readonly lost: number;
  close(): Promise<void>;
}

const feedbackEveryMs = 50;
/** Bursts of key frames wait in the kernel while this process is busy; it may grant less. */
const socketBufferBytes = 4 * 1024 * 1024;
/** Packets that come before the node's answer says what they are. */
const mostEarly = 500;
/** A disk that takes nothing is not waited for at the end of a stream, ms. */
const closeLimitMs = 10_000;

/** @throws what `take` throws; the port is free again then */
export async function takeStream(options: TakenStreamOptions): Promise<TakenStream> {
  const { streamId, sent, dir, host, backlog, onFault, onSegment } = options;
  const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4' });
  socket.on('error', onFault);
  const early: Buffer[] = [];
  const onEarly = (packet: Buffer) => {
    if (early.length < mostEarly) early.push(packet);
  };
  socket.on('message', onEarly);
  socket.bind(0, host);
  await once(socket, 'listening');
  widen(socket);
  let answer: TakeAnswer;
  try {
    answer = await options.take({ ip: host, port: socket.address().port });
  } catch (error) {
    socket.close();
    throw error;
  }
  const { from, ...codec } = answer;
  const { producerId, participantId, displayName, kind, source } = sent;
  const info: StreamInfo = { streamId, producerId, participantId, displayName, kind, source, ...codec };
  const writer = new SegmentWriter({ dir, info, backlog, onFault });
  const feedback = new Feedback(info.ssrc, kind === 'video');
  const speech = source === 'microphone';
  let beganAtMs = 0;
  let lastVoiceAtMs = Number.NEGATIVE_INFINITY;
  let voiced = false;
  let packets = 0;
  const closing = new Set<Promise<void>>();

  const rotate = () => {
    const had = voiced;
    voiced = false;
    const done = writer.rotate().then((segment) => {
      if (segment !== null) onSegment(segment, had);
    });
    closing.add(done);
    void done.finally(() => closing.delete(done));
  };
  const onPacket = (packet: Buffer) => {
    if (isRtcp(packet)) return;
    const header = parseRtp(packet);
    if (header?.ssrc !== info.ssrc) return;
    const nowMs = Date.now();
    packets += 1;
    feedback.received(header.sequence, nowMs);
    const current = writer.current;
    if (current && endsBefore({ beganAtMs, lastVoiceAtMs }, nowMs, current.bytes, speech)) rotate();
    if (!writer.current) beganAtMs = nowMs;
    if (speech) {
      const level = info.audioLevelId === null ? null : audioLevel(packet, info.audioLevelId);
      if (isVoice(level, header.payload.length)) {
        lastVoiceAtMs = nowMs;
        voiced = true;
      }
    }
    writer.add({ atMs: nowMs, rtp: packet });
  };
  socket.off('message', onEarly);
  for (const packet of early) onPacket(packet);
  socket.on('message', (packet, { address, port }) => {
    // Nobody else may put anything into a recording.
    if (port === from.port && address === from.ip) onPacket(packet);
  });
  const timer = setInterval(() => {
    for (const packet of feedback.due(Date.now())) socket.send(packet, from.port, from.ip, () => {});
    // Whoever stopped sending has said what there is to write down.
    const current = writer.current;
    if (speech && current && endsBefore({ beganAtMs, lastVoiceAtMs }, Date.now(), current.bytes, true))
      rotate();
  }, feedbackEveryMs);

  let closed: Promise<void> | undefined;
  return {
    info,
    get packets() {
      return packets;
    },
    get lost() {
      return feedback.lost;
    },
    close() {
      closed ??= (async () => {
        clearInterval(timer);
        socket.close();
        const open = writer.current !== null;
        const last = await writer.close(closeLimitMs);
        await Promise.all(closing);
        if (open && last !== null) onSegment(last, voiced);
      })();
      return closed;
    },
  };
}

function widen(socket: Socket): void {
  try {
    socket.setRecvBufferSize(socketBufferBytes);
  } catch {
    // What the kernel grants by itself must do.
  }
}
