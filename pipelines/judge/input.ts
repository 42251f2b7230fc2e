/** From a file, packed with gzip or not, to a recording. */
import { createReadStream } from 'node:fs';
import { readRecordingBytes } from '../../quality/recordings/input.ts';
import type { Limits } from '../../quality/recordings/limits.ts';
import type { Recording } from '../../quality/recordings/recording.ts';

/**
 * @throws RecordingError when the content is at fault
 * @throws the file system's error when the file cannot be read
 */
export const readRecordingFile = (path: string, limits: Limits): Promise<Recording> =>
  readRecordingBytes(createReadStream(path), limits);
