/**
 * A bucket as the store. Credentials, region and the like are those of the AWS SDK: its standard variables and files.
 * Each request carries its SHA-256, which the store checks against what arrived and keeps; what it keeps is compared
 * once more at the end.
 */
import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import {
  AbortMultipartUploadCommand,
  ChecksumAlgorithm,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { RecorderError } from '../errors.ts';
import type { FileToStore, Store } from './store.ts';

export interface S3StoreOptions {
  /** `s3://bucket/prefix` */
  readonly url: string;
  /** @default Amazon's */
  readonly endpoint?: string | undefined;
  /** Larger files go in parts of this size: a failure repeats a part's worth. @default 64 MiB */
  readonly partBytes?: number;
}

const requestLimitMs = 5 * 60_000;
const connectLimitMs = 5_000;

export function s3Store({ url, endpoint, partBytes = 64 * 1024 * 1024 }: S3StoreOptions): Store {
  const { host: bucket, pathname } = new URL(url);
  const prefix = pathname.replace(/^\/+|\/+$/g, '');
  const client = new S3Client({
    ...(endpoint && { endpoint, forcePathStyle: true }),
    // Jobs are repeated, with longer pauses.
    maxAttempts: 1,
    requestHandler: {
      requestTimeout: requestLimitMs,
      throwOnRequestTimeout: true,
      connectionTimeout: connectLimitMs,
    },
  });

  return {
    name: url,
    async put(file) {
      const Key = prefix ? `${prefix}/${file.key}` : file.key;
      try {
        const expected = await expectedChecksum(file);
        if (await isThere(Key, file.bytes, expected)) return;
        if (file.bytes <= partBytes) await putWhole(Key, file);
        else await putParts(Key, file);
        if (!(await isThere(Key, file.bytes, expected))) {
          throw new RecorderError('not_verified', `${url}: ${Key} is not what was sent.`);
        }
      } catch (error) {
        if (error instanceof RecorderError) throw error;
        const { name, message } = error as Error;
        throw new RecorderError('store_refused', `${url}: ${name}: ${message.slice(0, 200)}`, {
          cause: error,
        });
      }
    },
  };

  async function isThere(Key: string, bytes: number, checksum: string): Promise<boolean> {
    try {
      const found = await client.send(
        new HeadObjectCommand({ Bucket: bucket, Key, ChecksumMode: 'ENABLED' }),
      );
      return found.ContentLength === bytes && found.ChecksumSHA256 === checksum;
    } catch (error) {
      if ((error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode === 404)
        return false;
      throw error;
    }
  }

  async function putWhole(Key: string, { file, sha256 }: FileToStore): Promise<void> {
    await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key,
        Body: await readFile(file),
        ContentType: contentType(Key),
        ChecksumSHA256: sha256,
      }),
    );
  }

  async function putParts(Key: string, { file, bytes }: FileToStore): Promise<void> {
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({
        Bucket: bucket,
        Key,
        ContentType: contentType(Key),
        ChecksumAlgorithm: ChecksumAlgorithm.SHA256,
      }),
    );
    const Parts: { PartNumber: number; ETag: string | undefined; ChecksumSHA256: string }[] = [];
    try {
      for await (const part of parts(file, bytes)) {
        const PartNumber = Parts.length + 1;
        const ChecksumSHA256 = sha256Of(part);
        const { ETag } = await client.send(
          new UploadPartCommand({ Bucket: bucket, Key, UploadId, PartNumber, Body: part, ChecksumSHA256 }),
        );
        Parts.push({ PartNumber, ETag, ChecksumSHA256 });
      }
      await client.send(
        new CompleteMultipartUploadCommand({ Bucket: bucket, Key, UploadId, MultipartUpload: { Parts } }),
      );
    } catch (error) {
      // Parts of an upload that is not completed are paid for.
      await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId })).catch(() => {});
      throw error;
    }
  }

  /** Of an object in parts: the checksum of the parts' checksums, and how many they are. */
  async function expectedChecksum({ file, bytes, sha256 }: FileToStore): Promise<string> {
    if (bytes <= partBytes) return sha256;
    const all = createHash('sha256');
    let count = 0;
    for await (const part of parts(file, bytes)) {
      all.update(createHash('sha256').update(part).digest());
      count += 1;
    }
    return `${all.digest('base64')}-${count}`;
  }

  async function* parts(file: string, bytes: number): AsyncGenerator<Buffer> {
    const handle = await open(file);
    try {
      for (let at = 0; at < bytes; at += partBytes) {
        const part = Buffer.alloc(Math.min(partBytes, bytes - at));
        let read = 0;
        while (read < part.length) {
          const { bytesRead } = await handle.read(part, read, part.length - read, at + read);
          if (bytesRead === 0) throw new Error(`${file} became shorter`);
          read += bytesRead;
        }
        yield part;
      }
    } finally {
      await handle.close();
    }
  }
}

const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64');

const contentType = (key: string): string =>
  key.endsWith('.webm') ? 'video/webm' : key.endsWith('.vtt') ? 'text/vtt' : 'application/json';
