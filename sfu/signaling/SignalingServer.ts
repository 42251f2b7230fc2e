/** The WebSocket end of signaling: who may connect, how large a message may be, whether the client still lives. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Links, linkPath } from '../pipes/Links.ts';
import { RateLimit } from '../RateLimit.ts';
import { Connection, type ConnectionOptions } from './Connection.ts';

export const signalingPath = '/signaling';

/** RTP capabilities of a browser are 10 to 20 kB. */
const mostMessageBytes = 128 * 1024;
const mostConnections = 5_000;
/**
 * New sockets that the node takes: after an outage all of its clients come at once. Who is over it is refused before it
 * costs anything, and comes again later.
 */
export const upgradeRate = { burst: 300, perSecond: 200 } as const;
/** A client that answers no ping for this long is gone, ms. */
const pingMs = 10_000;

export class SignalingServer {
  readonly #sockets: WebSocketServer;
  readonly #alive = new WeakSet<WebSocket>();
  readonly #keepalive: NodeJS.Timeout;
  readonly #rate = new RateLimit({ ...upgradeRate, nowMs: performance.now() });
  readonly #origins: ReadonlySet<string>;
  #stopped = false;

  /**
   * @param server the page's own HTTP server; upgrades on other paths are refused
   * @param options `entrances`: origins whose pages may open the socket, besides this server's own; `links`: where other
   * nodes link parts of calls, null where there are none
   */
  constructor(
    server: Server,
    {
      entrances,
      links,
      ...options
    }: Omit<ConnectionOptions, 'socket'> & { entrances: readonly string[]; links: Links | null },
  ) {
    this.#origins = new Set(entrances);
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: mostMessageBytes,
      perMessageDeflate: false,
    });
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (links && !this.#stopped && request.url === linkPath) {
        void links.accept(request, socket, head);
        return;
      }
      const status = this.#refusal(request);
      if (status) {
        socket.on('error', () => {});
        socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
        this.#alive.add(webSocket);
        webSocket.on('pong', () => this.#alive.add(webSocket));
        new Connection({ ...options, socket: webSocket });
      });
    });
    this.#keepalive = setInterval(() => this.#ping(), pingMs).unref();
  }

  get connections(): number {
    return this.#sockets.clients.size;
  }

  /** Refuses new connections and tells the ones that are open. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#keepalive);
    const open = [...this.#sockets.clients];
    for (const socket of open) socket.close(1001, 'going_away');
    const closed = Promise.all(open.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise((resolve) => {
      timer = setTimeout(resolve, 1_000);
    });
    await Promise.race([closed, limit]);
    clearTimeout(timer);
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#sockets.close();
  }

  /** HTTP status line of a refusal; null for a welcome. */
  #refusal(request: IncomingMessage): string | null {
    if (this.#stopped) return '503 Service Unavailable';
    if (request.url?.split('?')[0] !== signalingPath) return '404 Not Found';
    const { origin, host } = request.headers;
    if (!isOwnOrigin(origin, host) && !this.#origins.has(origin ?? '')) return '403 Forbidden';
    if (this.connections >= mostConnections || !this.#rate.take(performance.now())) {
      return '503 Service Unavailable';
    }
    return null;
  }

  #ping(): void {
    for (const socket of this.#sockets.clients) {
      if (!this.#alive.delete(socket)) socket.terminate();
      else socket.ping();
    }
  }
}

/**
 * Whether a page of this server asks. Browsers always send the origin; programs send none, and need a token
 * all the same.
 */
export function isOwnOrigin(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}
