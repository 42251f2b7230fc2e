/** A signaling client without media: real socket, real messages, RTP parameters as a browser would send them. */
import type { types as mediasoup } from 'mediasoup-client';
import WebSocket from 'ws';
import type { Method, Notifications, RequestData, ResponseData } from '../../../telemetry/signaling.ts';

export const captureTimeUri = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time';

export class RefusedError extends Error {
  readonly code: string;

  constructor({ code, message }: { code: string; message: string }) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

interface Answer {
  id?: number;
  ok?: boolean;
  data?: unknown;
  error?: { code: string; message: string };
  method?: string;
}

export class TestClient {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #nextId = 1;
  readonly notifications: { method: string; data: unknown }[] = [];
  /** Answers to messages that had no id of ours. */
  readonly strays: Answer[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  joined: ResponseData['join'] | null = null;

  static async connect(url: string, options: { origin?: string } = {}): Promise<TestClient> {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/signaling`, options);
    const client = new TestClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('error', reject);
    });
    return client;
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => this.#received(JSON.parse(data.toString()) as Answer));
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    socket.on('error', () => {});
    void this.closed.then(({ code, reason }) => {
      const error = { code: 'closed', message: `the node closed the socket: ${code} ${reason}` };
      for (const waiting of this.#waiting.values()) waiting({ ok: false, error });
    });
  }

  /** @throws RefusedError */
  async request<M extends Method>(
    method: M,
    data: RequestData<M>,
    traceparent?: string,
  ): Promise<ResponseData[M]> {
    return (await this.requestAny(method, data, traceparent)) as ResponseData[M];
  }

  async requestAny(method: string, data: unknown, traceparent?: string): Promise<unknown> {
    const id = this.#nextId++;
    if (this.#socket.readyState !== this.#socket.OPEN) {
      throw new RefusedError({ code: 'closed', message: 'the socket is closed' });
    }
    const answer = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.send(JSON.stringify({ id, method, data, ...(traceparent && { traceparent }) }));
    const { ok, data: result, error } = await answer;
    if (!ok) throw new RefusedError(error ?? { code: 'none', message: 'no error given' });
    return result;
  }

  send(text: string | Buffer): void {
    this.#socket.send(text);
  }

  async join(token: string): Promise<ResponseData['join']> {
    this.joined = await this.request('join', { token });
    return this.joined;
  }

  async resume(token: string): Promise<ResponseData['resume']> {
    return this.request('resume', { token });
  }

  get capabilities(): mediasoup.RtpCapabilities {
    if (!this.joined) throw new Error('not joined');
    return this.joined.routerRtpCapabilities;
  }

  /** What was told by this method, oldest first. */
  told<M extends keyof Notifications>(method: M): Notifications[M][] {
    return this.notifications.filter((n) => n.method === method).map((n) => n.data as Notifications[M]);
  }

  async transport(direction: 'send' | 'recv'): Promise<ResponseData['createTransport']> {
    return this.request('createTransport', { direction });
  }

  async produceCamera(transportId: string): Promise<string> {
    const rtpParameters = this.videoParameters(3);
    const data = { transportId, kind: 'video', source: 'camera', rtpParameters } as const;
    return (await this.request('produce', data)).producerId;
  }

  async consume(producerId: string): Promise<ResponseData['consume']> {
    const consumer = await this.request('consume', { producerId, rtpCapabilities: this.capabilities });
    await this.request('resumeConsumer', { consumerId: consumer.consumerId });
    return consumer;
  }

  /** VP8 simulcast as Chromium describes it; capture time is offered although nobody asked for it. */
  videoParameters(layers: number): mediasoup.RtpParameters {
    const codec = this.#codec('video/VP8');
    const rtx = this.#codec('video/rtx');
    const rids = ['r0', 'r1', 'r2'].slice(0, layers);
    return {
      mid: '0',
      codecs: [
        { mimeType: 'video/VP8', payloadType: codec, clockRate: 90_000, rtcpFeedback: [{ type: 'nack' }] },
        { mimeType: 'video/rtx', payloadType: rtx, clockRate: 90_000, parameters: { apt: codec } },
      ],
      headerExtensions: [
        { uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', id: 1 },
        { uri: 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id', id: 2 },
        { uri: captureTimeUri, id: 13 },
      ],
      encodings: rids.map((rid) => ({ rid, scalabilityMode: 'L1T3' })),
      rtcp: { cname: 'test', reducedSize: true },
    };
  }

  audioParameters(): mediasoup.RtpParameters {
    return {
      mid: '1',
      codecs: [
        { mimeType: 'audio/opus', payloadType: this.#codec('audio/opus'), clockRate: 48_000, channels: 2 },
      ],
      headerExtensions: [{ uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', id: 1 }],
      encodings: [{ ssrc: 1111 }],
      rtcp: { cname: 'test', reducedSize: true },
    };
  }

  close(): void {
    this.#socket.close();
  }

  /** As when the network is gone: no closing handshake. */
  terminate(): void {
    this.#socket.terminate();
  }

  #codec(mimeType: string): number {
    const codec = this.capabilities.codecs?.find((c) => c.mimeType.toLowerCase() === mimeType.toLowerCase());
    if (!codec?.preferredPayloadType) throw new Error(`router offers no ${mimeType}`);
    return codec.preferredPayloadType;
  }

  #received(message: Answer): void {
    if (message.method !== undefined) {
      this.notifications.push({ method: message.method, data: message.data });
      return;
    }
    const waiting = this.#waiting.get(message.id ?? -1);
    if (!waiting) this.strays.push(message);
    this.#waiting.delete(message.id ?? -1);
    waiting?.(message);
  }
}
