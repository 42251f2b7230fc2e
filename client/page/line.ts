/**
 * The way to the meeting server, made of one socket after the other. When a socket is lost, or answers so late that it
 * may be, others are tried, over all entrances, and the session goes on over the first that takes it up; media is not
 * touched. A slow socket is given its time while a second one is tried beside it.
 */
import type { Method, NotificationMessage, RequestData, ResponseData } from '../../telemetry/signaling.ts';
import { reconnectDelayMs } from './backoff.ts';
import { hedged, lateMs } from './hedge.ts';
import { type RequestOptions, type Requests, Signaling, SignalingError } from './signaling.ts';

export interface LineHandlers {
  readonly onNotification: (message: NotificationMessage) => void;
  /** The socket is lost, or seems to be. @param code of the socket's close; 0: it is silent */
  readonly onLost: (code: number) => void;
  /** Before each attempt to come back. @param attempt 0 for the first */
  readonly onAttempt: (attempt: number) => void;
  /** The session goes on: this is how everything stands. */
  readonly onResumed: (snapshot: ResponseData['resume']) => void;
  /** A silent socket answered after all. */
  readonly onRecovered: () => void;
  /** The session is over, or cannot be reached in time: join anew. */
  readonly onGone: () => void;
  /** Asks others whether the server that has the session is gone; null where there are no others. */
  readonly serverIsGone: (() => Promise<boolean>) | null;
}

/** A live socket is asked this often whether it lives. */
const heartbeatMs = 3_000;
/** It is suspected when it is silent for longer than this, and than a few times what it took before. */
const patience = { leastMs: 2_000, times: 3, mostMs: 15_000 } as const;
const mostAttemptsAtOnce = 3;
/** Close codes by which a server ends the session itself: it goes away, the media cannot be had, the join is refused. */
const overCodes = new Set([1001, 4003, 4006]);

interface Session {
  readonly token: string;
  readonly graceMs: number;
}

export class Line implements Requests {
  private readonly urls: readonly string[];
  private readonly handlers: LineHandlers;
  private socket: Signaling | null = null;
  private session: Session | null = null;
  private search: Search | null = null;
  private heartbeat: ReturnType<typeof setTimeout> | undefined;
  private lastAnswerMs = 0;
  private closed = false;

  /**
   * @param urls of the signaling at each entrance, best first
   * @throws SignalingError `closed` or `timeout` when no socket opens
   */
  static async open(urls: readonly string[], handlers: LineHandlers): Promise<Line> {
    const line = new Line(urls, handlers);
    line.socket = await hedged(urls, (url, signal) => Signaling.open(url, line.socketHandlers, { signal }));
    return line;
  }

  private constructor(urls: readonly string[], handlers: LineHandlers) {
    this.urls = urls;
    this.handlers = handlers;
  }

  request<M extends Method>(
    method: M,
    data: RequestData<M>,
    options?: RequestOptions,
  ): Promise<ResponseData[M]> {
    if (!this.socket)
      return Promise.reject(new SignalingError('closed', `${method}: there is no connection.`));
    return this.socket.request(method, data, options);
  }

  /** From now on a lost socket is replaced. */
  keep({ resumeToken, graceMs }: ResponseData['join']): void {
    this.session = { token: resumeToken, graceMs };
    this.beat();
  }

  /** Ends it on purpose; nothing is told any more. */
  close(): void {
    this.closed = true;
    clearTimeout(this.heartbeat);
    this.search?.end();
    this.socket?.close();
    this.socket = null;
  }

  private get socketHandlers() {
    return {
      onNotification: (message: NotificationMessage, from: Signaling) => {
        if (from === this.socket) this.handlers.onNotification(message);
      },
      onLost: (code: number, from: Signaling) => {
        if (from === this.socket) this.lose(code);
      },
    };
  }

  private lose(code: number): void {
    clearTimeout(this.heartbeat);
    this.socket = null;
    if (this.closed) return;
    if (!this.search) this.handlers.onLost(code);
    if (!this.session || overCodes.has(code)) this.giveUp();
    else this.look(this.session);
  }

  private beat(): void {
    clearTimeout(this.heartbeat);
    this.heartbeat = setTimeout(() => void this.ask(), heartbeatMs);
  }

  /** Whether the socket lives. While it is silent others are looked for, but it is not given up. */
  private async ask(): Promise<void> {
    const { socket, session } = this;
    if (!socket || !session) return;
    const limitMs = Math.min(Math.max(patience.leastMs, patience.times * this.lastAnswerMs), patience.mostMs);
    const suspicion = setTimeout(() => {
      if (this.search || socket !== this.socket) return;
      this.handlers.onLost(0);
      this.look(session);
    }, limitMs);
    const askedAtMs = performance.now();
    try {
      await socket.request('ping', {}, { limitMs: session.graceMs });
      if (socket !== this.socket) return;
      this.lastAnswerMs = performance.now() - askedAtMs;
      if (this.search) {
        this.search.end();
        this.search = null;
        this.handlers.onRecovered();
      }
      this.beat();
    } catch {
      // Lost, which tells itself; or silent for longer than any session waits, and then the search has ended too.
    } finally {
      clearTimeout(suspicion);
    }
  }

  /** Where the silent socket leads is tried last; one that ended may only have been cut. */
  private look(session: Session): void {
    const { socket } = this;
    const urls = socket ? [...this.urls].sort((a, b) => rank(a) - rank(b)) : this.urls;
    function rank(url: string): number {
      return url === socket?.url ? 1 : 0;
    }
    this.search ??= new Search(urls, session, this.socketHandlers, {
      onAttempt: this.handlers.onAttempt,
      onFound: (socket, snapshot, tookMs) => {
        this.search = null;
        const before = this.socket;
        this.socket = socket;
        before?.drop();
        this.lastAnswerMs = tookMs;
        this.handlers.onResumed(snapshot);
        this.beat();
      },
      onFailed: () => this.giveUp(),
      serverIsGone: this.handlers.serverIsGone,
    });
  }

  private giveUp(): void {
    if (this.closed) return;
    this.close();
    this.handlers.onGone();
  }
}

interface SearchHandlers {
  readonly onAttempt: (attempt: number) => void;
  readonly onFound: (socket: Signaling, snapshot: ResponseData['resume'], tookMs: number) => void;
  readonly onFailed: () => void;
  readonly serverIsGone: LineHandlers['serverIsGone'];
}

/** Attempts to resume a session, the next whenever the one before failed or is late, until one comes through. */
class Search {
  private readonly urls: readonly string[];
  private readonly session: Session;
  private readonly socketHandlers: Parameters<typeof Signaling.open>[1];
  private readonly handlers: SearchHandlers;
  private readonly control = new AbortController();
  private readonly sockets = new Set<Signaling>();
  private readonly deadlineMs: number;
  private attempts = 0;
  private running = 0;
  private waiting = false;
  private asking = false;

  constructor(
    urls: readonly string[],
    session: Session,
    socketHandlers: Parameters<typeof Signaling.open>[1],
    handlers: SearchHandlers,
  ) {
    this.urls = urls;
    this.session = session;
    this.socketHandlers = socketHandlers;
    this.handlers = handlers;
    this.deadlineMs = performance.now() + session.graceMs;
    void this.next();
  }

  /** Whatever is still on its way is dropped. */
  end(): void {
    this.control.abort();
    for (const socket of this.sockets) socket.drop();
    this.sockets.clear();
  }

  /** One wait at a time, so that attempts that fail together are not made up for together. */
  private async next(): Promise<void> {
    const { signal } = this.control;
    if (this.waiting || this.running >= mostAttemptsAtOnce || signal.aborted || this.isLate()) return;
    const attempt = this.attempts++;
    this.handlers.onAttempt(attempt);
    this.waiting = true;
    await pause(reconnectDelayMs(attempt, Math.random()), signal);
    this.waiting = false;
    if (signal.aborted || this.isLate()) return;
    const hedge = setTimeout(() => void this.next(), lateMs);
    this.running++;
    await this.attempt(this.urls[attempt % this.urls.length]!);
    this.running--;
    clearTimeout(hedge);
    void this.askOthers();
    void this.next();
  }

  /** Too late for the session: that is told once. */
  private isLate(): boolean {
    if (performance.now() < this.deadlineMs) return false;
    this.fail();
    return true;
  }

  /** One question at a time; whoever cannot tell does not end the search. */
  private async askOthers(): Promise<void> {
    const { serverIsGone } = this.handlers;
    if (!serverIsGone || this.asking || this.control.signal.aborted) return;
    this.asking = true;
    if (await serverIsGone().catch(() => false)) this.fail();
    this.asking = false;
  }

  private fail(): void {
    if (this.control.signal.aborted) return;
    this.end();
    this.handlers.onFailed();
  }

  private async attempt(url: string): Promise<void> {
    const { signal } = this.control;
    const begun = performance.now();
    const limitMs = this.deadlineMs - begun;
    let socket: Signaling | null = null;
    try {
      socket = await Signaling.open(url, this.socketHandlers, { limitMs, signal });
      this.sockets.add(socket);
      const snapshot = await socket.request('resume', { token: this.session.token }, { limitMs });
      if (signal.aborted) return;
      this.sockets.delete(socket);
      this.end();
      // Opening takes two ways there and back, and the question one more.
      this.handlers.onFound(socket, snapshot, (performance.now() - begun) / 2);
    } catch (error) {
      socket?.drop();
      if (socket) this.sockets.delete(socket);
      if (error instanceof SignalingError && error.code === 'session_over') this.fail();
    }
  }
}

/** Ends early when the network comes back, or when `signal` says so. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener('online', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener('online', done);
    signal.addEventListener('abort', done);
  });
}
