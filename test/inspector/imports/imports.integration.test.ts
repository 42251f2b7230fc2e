import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Imports, openImports } from '../../../inspector/imports/imports.ts';
import { clientSide, internalsDump, reportsOf } from '../../quality/recordings/support/dumps.ts';
import { syntheticCall } from '../../quality/support/synthetic-call.ts';

const dump = internalsDump(
  reportsOf(
    clientSide(
      syntheticCall(['ann', 'ben'], 30, () => ({})),
      'ann',
    ),
  ),
  [],
);
/** Three bytes of text that take some twenty in memory. */
const hostile = function* () {
  yield '{"PeerConnections":{"1-1":{"stats":{},"updateLog":[';
  for (let i = 0; i < 24; i++) yield '[],'.repeat(2 ** 19);
  yield '0]}}}';
};

let imports: Imports;
beforeAll(() => {
  imports = openImports(Date.now, 100);
});
afterAll(() => imports.close());

describe('a recording that takes more memory than it may', () => {
  it('is refused with a reason, and others are read and answered all the same', async () => {
    const kept = await imports.take('acme', Readable.from([dump]), 2 ** 28);
    await expect(imports.take('acme', Readable.from(hostile()), 2 ** 28)).rejects.toMatchObject({
      code: 'recording_too_large',
      message: expect.stringContaining('more than 100 MiB of memory'),
    });
    const events = await imports
      .find('acme', kept.callId)!
      .events({ participantId: '', offset: 0, limit: 10 });
    expect(events.events).toBeInstanceOf(Array);
    const again = await imports.take('acme', Readable.from([dump]), 2 ** 28);
    expect(again.callId).not.toBe(kept.callId);
  });

  it('is not shown to others', async () => {
    const call = await imports.take('acme', Readable.from([dump]), 2 ** 28);
    expect(imports.find('other', call.callId)).toBeUndefined();
    expect(imports.find('acme', call.callId)).toBeDefined();
  });
});
