/** A local HTTP server that serves the benchmark's pages and receives telemetry, counting and keeping it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  readonly path: string;
  readonly atMs: number;
  /** Request line and headers as they came over HTTP/1.1. */
  readonly headerBytes: number;
  readonly encoding: string;
  readonly body: Buffer;
}

export interface Sink {
  readonly url: string;
  readonly requests: ReceivedRequest[];
  close(): Promise<void>;
}

export async function openSink(files: ReadonlyMap<string, string>): Promise<Sink> {
  const requests: ReceivedRequest[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    const file = files.get(path);
    if (file !== undefined) {
      response.setHeader(
        'content-type',
        path.endsWith('.js') ? 'text/javascript' : 'text/html; charset=utf-8',
      );
      response.end(file);
      return;
    }
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (request.method === 'POST') {
        requests.push({
          path,
          atMs: Date.now(),
          headerBytes: headerBytes(`POST ${path} HTTP/1.1`, request.rawHeaders),
          encoding: request.headers['content-encoding'] ?? 'identity',
          body: Buffer.concat(parts),
        });
      }
      response.writeHead(request.method === 'POST' ? 200 : 404).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Each header as `name: value\r\n`, then an empty line. */
function headerBytes(requestLine: string, rawHeaders: readonly string[]): number {
  const text = rawHeaders.reduce((sum, part) => sum + Buffer.byteLength(part), 0);
  return Buffer.byteLength(requestLine) + 2 + text + rawHeaders.length * 2 + 2;
}
