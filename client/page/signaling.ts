/** One signaling socket: typed requests with time limits, notifications handed on in order. See line.ts for its successors. */
import type {
  Method,
  NotificationMessage,
  RequestData,
  RequestMessage,
  ResponseData,
  ResponseMessage,
} from '../../telemetry/signaling.ts';

/** A request refused by the SFU (`code` is the SFU's), unanswered (`timeout`), or cut off (`closed`). */
export class SignalingError extends Error {
  override readonly name = 'SignalingError';
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface RequestOptions {
  readonly traceparent?: string | undefined;
  /** Time for the answer. @default 15,000 */
  readonly limitMs?: number;
}

export interface Requests {
  /** @throws SignalingError */
  request<M extends Method>(
    method: M,
    data: RequestData<M>,
    options?: RequestOptions,
  ): Promise<ResponseData[M]>;
}

export interface SignalingHandlers {
  readonly onNotification: (message: NotificationMessage, from: Signaling) => void;
  /** Once, for whatever reason but our own `close()`. */
  readonly onLost: (code: number, from: Signaling) => void;
}

/** Beyond this nobody waits for an answer. Whether the socket still lives is for heartbeats to tell, see line.ts. */
const requestLimitMs = 15_000;
/** Our own close code, RFC 6455 section 7.4.2; the SFU keeps the session then. */
const droppedCode = 4000;
/** Nobody waits longer for a page to open its first connection. */
const openLimitMs = 15_000;

interface Waiting {
  resolve(data: unknown): void;
  reject(error: SignalingError): void;
  timer: ReturnType<typeof setTimeout>;
}

export class Signaling implements Requests {
  readonly url: string;
  private readonly socket: WebSocket;
  private readonly handlers: SignalingHandlers;
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 1;

  private constructor(url: string, socket: WebSocket, handlers: SignalingHandlers) {
    this.url = url;
    this.socket = socket;
    this.handlers = handlers;
  }

  /**
   * @param options `limitMs` for the opening, @default 15,000; `signal` drops it
   * @throws SignalingError `closed` or `timeout` when the socket does not open
   */
  static async open(
    url: string,
    handlers: SignalingHandlers,
    { limitMs = openLimitMs, signal }: { limitMs?: number; signal?: AbortSignal } = {},
  ): Promise<Signaling> {
    const socket = new WebSocket(url);
    const signaling = new Signaling(url, socket, handlers);
    await new Promise<void>((resolve, reject) => {
      const refuse = (code: string, message: string) => {
        clearTimeout(timer);
        reject(new SignalingError(code, message));
      };
      const timer = setTimeout(() => {
        socket.close();
        refuse('timeout', 'The meeting server did not open a connection in time.');
      }, limitMs);
      signal?.addEventListener('abort', () => {
        if (socket.readyState === WebSocket.CONNECTING) socket.close();
      });
      socket.onopen = () => resolve(clearTimeout(timer));
      socket.onclose = () => refuse('closed', 'The meeting server did not accept the connection.');
    });
    if (signal?.aborted) {
      signaling.drop();
      throw new SignalingError('closed', 'The connection is not wanted any more.');
    }
    socket.onmessage = ({ data }) => signaling.receive(String(data));
    socket.onclose = ({ code }) => signaling.lose(code);
    return signaling;
  }

  request<M extends Method>(
    method: M,
    data: RequestData<M>,
    { traceparent, limitMs = requestLimitMs }: RequestOptions = {},
  ): Promise<ResponseData[M]> {
    const id = this.nextId++;
    return new Promise<unknown>((resolve, reject) => {
      if (this.socket.readyState !== WebSocket.OPEN) {
        reject(new SignalingError('closed', `${method}: the connection is closed.`));
        return;
      }
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new SignalingError('timeout', `${method}: no answer within ${limitMs / 1000} s.`));
      }, limitMs);
      this.waiting.set(id, { resolve, reject, timer });
      const message: RequestMessage = { id, method, data, ...(traceparent && { traceparent }) };
      this.socket.send(JSON.stringify(message));
    }) as Promise<ResponseData[M]>;
  }

  /** Says goodbye: the stay ends. `onLost` is not called. */
  close(): void {
    this.end(1000);
  }

  /** Lets go of the socket alone; the stay goes on over another. `onLost` is not called. */
  drop(): void {
    this.end(droppedCode);
  }

  private lose(code: number): void {
    this.end(droppedCode);
    this.handlers.onLost(code, this);
  }

  private receive(text: string): void {
    // Both ends of this protocol are built from one contract, and the server is who served this page.
    const message = JSON.parse(text) as ResponseMessage | NotificationMessage;
    if (!('id' in message)) {
      this.handlers.onNotification(message, this);
      return;
    }
    const waiting = this.waiting.get(message.id);
    if (!waiting) return;
    this.waiting.delete(message.id);
    clearTimeout(waiting.timer);
    if (message.ok) waiting.resolve(message.data);
    else waiting.reject(new SignalingError(message.error.code, message.error.message));
  }

  private end(code: number): void {
    this.socket.onclose = null;
    this.socket.onmessage = null;
    this.socket.close(code);
    for (const { reject, timer } of this.waiting.values()) {
      clearTimeout(timer);
      reject(new SignalingError('closed', 'The connection to the meeting server was lost.'));
    }
    this.waiting.clear();
  }
}

/** @param origin of the page, or of another entrance */
export const signalingUrl = (origin: string): string => `${origin.replace(/^http/, 'ws')}/signaling`;
