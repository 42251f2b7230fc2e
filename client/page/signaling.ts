/** The signaling socket: typed requests with time limits, notifications handed on in order. */
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

export interface SignalingHandlers {
  readonly onNotification: (message: NotificationMessage) => void;
  /** Once, for whatever reason but our own `close()`. */
  readonly onLost: (code: number) => void;
}

/** An SFU that has not answered by then is as good as gone. */
const requestLimitMs = 8_000;
/** Our own close codes, RFC 6455 section 7.4.2. */
const closedByTimeout = 4000;

interface Waiting {
  resolve(data: unknown): void;
  reject(error: SignalingError): void;
  timer: ReturnType<typeof setTimeout>;
}

export class Signaling {
  private readonly socket: WebSocket;
  private readonly handlers: SignalingHandlers;
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 1;

  private constructor(socket: WebSocket, handlers: SignalingHandlers) {
    this.socket = socket;
    this.handlers = handlers;
  }

  /** @throws SignalingError `closed` or `timeout` when the socket does not open */
  static async open(url: string, handlers: SignalingHandlers): Promise<Signaling> {
    const socket = new WebSocket(url);
    const signaling = new Signaling(socket, handlers);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.close();
        reject(new SignalingError('timeout', 'The meeting server did not open a connection in time.'));
      }, requestLimitMs);
      socket.onopen = () => resolve(clearTimeout(timer));
      socket.onclose = () => {
        clearTimeout(timer);
        reject(new SignalingError('closed', 'The meeting server did not accept the connection.'));
      };
    });
    socket.onmessage = ({ data }) => signaling.receive(String(data));
    socket.onclose = ({ code }) => signaling.lose(code);
    return signaling;
  }

  /**
   * @param limitMs time for the answer; when it is over the whole connection counts as lost
   * @throws SignalingError
   */
  request<M extends Method>(
    method: M,
    data: RequestData<M>,
    { traceparent, limitMs = requestLimitMs }: { traceparent?: string | undefined; limitMs?: number } = {},
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
        // One late answer on a stream socket means that everything behind it is late: start afresh. And at
        // once: the browser would wait a minute for the other side to say goodbye.
        this.lose(closedByTimeout);
      }, limitMs);
      this.waiting.set(id, { resolve, reject, timer });
      const message: RequestMessage = { id, method, data, ...(traceparent && { traceparent }) };
      this.socket.send(JSON.stringify(message));
    }) as Promise<ResponseData[M]>;
  }

  /** Ends it on purpose; `onLost` is not called. */
  close(): void {
    this.end(1000);
  }

  private lose(code: number): void {
    this.end(closedByTimeout);
    this.handlers.onLost(code);
  }

  private receive(text: string): void {
    // Both ends of this protocol are built from one contract, and the server is who served this page.
    const message = JSON.parse(text) as ResponseMessage | NotificationMessage;
    if (!('id' in message)) {
      this.handlers.onNotification(message);
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

/** The socket's address beside the page's own. */
export const signalingUrl = (page: Location): string =>
  `${page.protocol === 'https:' ? 'wss' : 'ws'}://${page.host}/signaling`;
