/**
 * Connections of those who send telemetry, read from the socket itself: of a request of ten records, which most are,
 * node:http (its streams, its two objects, its events) took a third.
 *
 * Only what is plain is taken (plain-head.ts), one request at a time. With the first thing that is not, the connection goes
 * to node:http for good, with every byte that was not used yet.
 */
import { type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type PlainHead, readHead } from './plain-head.ts';
import type { Receive } from './receiver.ts';

/** Bytes that may wait on one connection: of requests after the one at work, and of answers that nobody fetches. */
const mostWaitingBytes = 512 * 1024;
const nothing = Buffer.alloc(0);

export class PlainConnections {
  readonly #open = new Set<Connection>();
  readonly #check: NodeJS.Timeout;
  #closing = false;

  /**
   * Takes the connections of the server, under its time limits.
   * @param checkMs how often these are looked at
   */
  constructor(server: Server, receive: Receive, checkMs = 5_000) {
    const [readByNode] = server.listeners('connection');
    const owner: Owner = {
      receive,
      closing: () => this.#closing,
      handOver: (socket) => readByNode?.call(server, socket),
      gone: (connection) => {
        this.#open.delete(connection);
        if (this.#closing && this.#open.size === 0) clearInterval(this.#check);
      },
    };
    server.removeAllListeners('connection').on('connection', (socket) => {
      this.#open.add(new Connection(socket, owner));
    });
    this.#check = setInterval(() => {
      const now = Date.now();
      for (const connection of this.#open) connection.giveUp(now, server);
    }, checkMs).unref();
  }

  /** Closes what is idle; what is at work is closed with its answer. */
  close(): void {
    this.#closing = true;
    if (this.#open.size === 0) clearInterval(this.#check);
    for (const connection of this.#open) connection.endIfIdle();
  }
}

interface Owner {
  readonly receive: Receive;
  closing(): boolean;
  /** To node:http; the bytes that were not used are put back after that. */
  handOver(socket: Socket): void;
  gone(connection: Connection): void;
}

class Connection {
  readonly #socket: Socket;
  readonly #owner: Owner;
  readonly #address: string;
  /** What came and is not used yet. */
  #bytes: Buffer = nothing;
  /** Of the request whose body is on its way. */
  #head: PlainHead | undefined;
  #atWork = false;
  /** The sender will send nothing more. */
  #ended = false;
  /** When something last began: the request that is coming, or the silence. Epoch ms. */
  #sinceMs = Date.now();

  constructor(socket: Socket, owner: Owner) {
    this.#socket = socket;
    this.#owner = owner;
    this.#address = socket.remoteAddress ?? '';
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  giveUp(nowMs: number, { requestTimeout, keepAliveTimeout }: Server): void {
    if (this.#atWork) return;
    const coming = this.#bytes.length > 0;
    if (nowMs - this.#sinceMs < (coming ? requestTimeout : keepAliveTimeout)) return;
    if (coming) this.#socket.write('HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\r\n');
    this.#socket.destroySoon();
  }

  endIfIdle(): void {
    if (!this.#atWork && this.#bytes.length === 0) this.#socket.end();
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#bytes.length === 0) {
      this.#bytes = chunk;
      this.#sinceMs = Date.now();
    } else this.#bytes = Buffer.concat([this.#bytes, chunk]);
    if (this.#atWork && this.#bytes.length > mostWaitingBytes) this.#socket.pause();
    this.#next();
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    if (this.#bytes.length > 0) this.#next();
    else if (!this.#atWork) this.#socket.end();
  };

  readonly #onError = (): void => {
    this.#socket.destroy();
  };

  readonly #onClose = (): void => {
    this.#owner.gone(this);
  };

  #next(): void {
    if (this.#atWork || this.#bytes.length === 0) return;
    const head = this.#head ?? readHead(this.#bytes);
    if (head === 'other') {
      this.#handOver();
      return;
    }
    if (head === 'more' || this.#bytes.length < head.bytes + head.contentLength) {
      if (head !== 'more') this.#head = head;
      if (this.#ended) this.#socket.end();
      return;
    }
    const end = head.bytes + head.contentLength;
    const body = this.#bytes.subarray(head.bytes, end);
    this.#bytes = this.#bytes.length === end ? nothing : this.#bytes.subarray(end);
    this.#head = undefined;
    this.#atWork = true;
    const { signal, method, headers } = head;
    this.#owner.receive({
      signal,
      method,
      sender: { address: this.#address, header: (name) => headers.get(name) ?? '' },
      body: () => body,
      answer: (...answer) => this.#answer(...answer),
    });
  }

  #answer(status: number, headers: Readonly<Record<string, string>>, body: Buffer): void {
    const socket = this.#socket;
    if (!socket.writable) return;
    const last = this.#owner.closing() || (this.#ended && this.#bytes.length === 0);
    const head = headOf(status, headers, body.length, last);
    if (body.length === 0) socket.write(head, 'latin1');
    else socket.write(Buffer.concat([Buffer.from(head, 'latin1'), body]));
    if (last) socket.end();
    else if (socket.writableLength > mostWaitingBytes) socket.destroy();
    else this.#rest();
  }

  #rest(): void {
    this.#atWork = false;
    this.#sinceMs = Date.now();
    if (this.#bytes.length === 0) return;
    // Not at once: as deep as there are requests that came together.
    setImmediate(() => {
      if (this.#socket.destroyed) return;
      this.#socket.resume();
      this.#next();
    });
  }

  #handOver(): void {
    const socket = this.#socket;
    const bytes = this.#bytes;
    socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
    socket.off('error', this.#onError);
    socket.off('close', this.#onClose);
    this.#owner.gone(this);
    this.#owner.handOver(socket);
    socket.unshift(bytes);
  }
}

function headOf(
  status: number,
  headers: Readonly<Record<string, string>>,
  bodyBytes: number,
  last: boolean,
): string {
  let lines = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
  for (const name in headers) lines += `${name}: ${headers[name]}\r\n`;
  if (last) lines += 'connection: close\r\n';
  if (status !== 204) lines += `content-length: ${bodyBytes}\r\n`;
  return `${lines}date: ${httpDate(Date.now())}\r\n\r\n`;
}

let date = '';
let dateSecond = 0;

/** Made once a second. */
function httpDate(nowMs: number): string {
  const second = Math.floor(nowMs / 1_000);
  if (second !== dateSecond) {
    dateSecond = second;
    date = new Date(nowMs).toUTCString();
  }
  return date;
}
