/** One insert into ClickHouse, and what its failure means. */
import { Readable } from 'node:stream';
import { type ClickHouseClient, ClickHouseError, drainStream } from '@clickhouse/client';

/**
 * @param block in Native format
 * @param token the same for the same rows: ClickHouse drops the second of two blocks that carry it
 */
export type Insert = (table: string, block: Buffer, token: string) => Promise<void>;

/** A piece of a block that is written to the socket at once. */
const chunkBytes = 2 ** 20;

export function clickhouseInsert(client: ClickHouseClient): Insert {
  return async (table, block, token) => {
    const { stream } = await client.exec({
      query: 'INSERT INTO {table:Identifier} FORMAT Native',
      query_params: { table },
      values: Readable.from(chunks(block), { objectMode: false }),
      clickhouse_settings: {
        insert_deduplication_token: token,
        // Acknowledged means written, and blocks are made here.
        async_insert: 0,
        max_threads: 1,
        max_insert_threads: '1',
        // On a cluster: written on the shards, not only noted down for them.
        distributed_foreground_insert: 1,
        // A block must stay one: parts of it would have a token each, and be told apart by their order only.
        max_insert_block_size: '1048576',
        min_insert_block_size_rows: '1048576',
        min_insert_block_size_bytes: '1073741824',
        // window_arrival must not count a repeated block twice.
        deduplicate_blocks_in_dependent_materialized_views: 1,
      },
    });
    // Nothing is said on success, but the connection is free only once that is read.
    await drainStream(stream);
  };
}

function* chunks(block: Buffer): Generator<Buffer> {
  for (let at = 0; at < block.length; at += chunkBytes) yield block.subarray(at, at + chunkBytes);
}

/**
 * ClickHouse's complaints about the rows themselves (src/Common/ErrorCodes.cpp): sending them again cannot help.
 * Everything else (no connection, timeouts, memory, rights, read-only, too many parts) passes or is mended.
 */
const badRowCodes = new Set([
  '6', // CANNOT_PARSE_TEXT
  '16', // NO_SUCH_COLUMN_IN_TABLE
  '26', // CANNOT_PARSE_QUOTED_STRING
  '27', // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  '33', // CANNOT_READ_ALL_DATA
  '38', // CANNOT_PARSE_DATE
  '41', // CANNOT_PARSE_DATETIME
  '53', // TYPE_MISMATCH
  '69', // ARGUMENT_OUT_OF_BOUND
  '70', // CANNOT_CONVERT_TYPE
  '72', // CANNOT_PARSE_NUMBER
  '117', // INCORRECT_DATA
  '349', // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
]);

export function isBadRows(error: unknown): boolean {
  return error instanceof ClickHouseError && badRowCodes.has(error.code);
}
