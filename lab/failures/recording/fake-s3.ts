/**
 * An S3 server as far as a recorder needs one: whole objects, objects in parts, their checksums (checked, kept and told),
 * and faults on order. No maintained one is on npm: s3rver, the usual one, had its last release in 2021 and knows nothing
 * of checksums.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const slowMs = 6_000;

export interface FakeS3 {
  readonly url: string;
  readonly objects: Map<string, { bytes: Buffer; checksum: string }>;
  readonly requests: string[];
  /** How requests that write are answered from now on. `corrupt`: taken and kept wrongly. `slow`: after six seconds. */
  mode: 'good' | 'refuses' | 'corrupt' | 'slow';
  close(): Promise<void>;
}

export async function startFakeS3(): Promise<FakeS3> {
  const objects: FakeS3['objects'] = new Map();
  const uploads = new Map<string, Buffer[]>();
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://s3');
    const key = decodeURIComponent(pathname.slice(1));
    requests.push(`${request.method} ${key}`);
    const body = await bodyOf(request);
    if (!request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 '))
      return refused(response, 403, 'AccessDenied');
    if (request.method !== 'HEAD' && fake.mode === 'refuses') return refused(response, 503, 'SlowDown');
    if (request.method !== 'HEAD' && fake.mode === 'slow') await delay(slowMs);
    const given = request.headers['x-amz-checksum-sha256'];
    if (given && given !== sha256(body)) return refused(response, 400, 'BadDigest');
    if (request.method === 'HEAD') {
      const found = objects.get(key);
      if (!found) return response.writeHead(404).end();
      return response
        .writeHead(200, { 'content-length': found.bytes.length, 'x-amz-checksum-sha256': found.checksum })
        .end();
    }
    if (request.method === 'POST' && searchParams.has('uploads')) {
      const id = `upload-${uploads.size + 1}`;
      uploads.set(id, []);
      return xml(
        response,
        `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      );
    }
    const parts = uploads.get(searchParams.get('uploadId') ?? '');
    if (request.method === 'PUT' && parts) {
      parts[Number(searchParams.get('partNumber')) - 1] = body;
      return response.writeHead(200, { etag: '"part"' }).end();
    }
    if (request.method === 'POST' && parts) {
      const all = createHash('sha256');
      for (const part of parts) all.update(createHash('sha256').update(part).digest());
      objects.set(key, { bytes: Buffer.concat(parts), checksum: `${all.digest('base64')}-${parts.length}` });
      return xml(
        response,
        '<CompleteMultipartUploadResult><ETag>"all"</ETag></CompleteMultipartUploadResult>',
      );
    }
    if (request.method === 'PUT') {
      const bytes = fake.mode === 'corrupt' ? body.subarray(1) : body;
      objects.set(key, { bytes, checksum: sha256(bytes) });
      return response.writeHead(200, { etag: '"whole"' }).end();
    }
    return refused(response, 405, 'MethodNotAllowed');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fake: FakeS3 = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    requests,
    mode: 'good',
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return fake;
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('base64');

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const body = Buffer.concat(parts);
  return request.headers['content-encoding'] === 'aws-chunked' ? dechunked(body) : body;
}

/** AWS's own chunks: size in hex, signature, CRLF, data, CRLF. */
function dechunked(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const lineEnd = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.subarray(at, lineEnd).toString(), 16);
    if (!size) break;
    parts.push(body.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
  return Buffer.concat(parts);
}

function refused(response: ServerResponse, status: number, code: string): void {
  response
    .writeHead(status, { 'content-type': 'application/xml' })
    .end(`<Error><Code>${code}</Code></Error>`);
}

function xml(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?>${body}`);
}
