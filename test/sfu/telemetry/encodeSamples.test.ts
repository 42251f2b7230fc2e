import { ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeLogs } from '../../../bench/sdk/otlp.ts';
import { logsSerializer } from '../../../sfu/telemetry/logExporter.ts';
import { SampleRecord } from '../../../sfu/telemetry/SampleRecord.ts';
import { sampleLogs } from '../../collector/otlp/samples.ts';

const origin = {
  resource: resourceFromAttributes({
    'service.name': 'sfu',
    'rtc.source': 'sfu',
    'rtc.sfu_node_id': 'Köln-1',
  }),
  instrumentationScope: { name: 'callscope-sfu' },
};
const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.boolean(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(-1, 0, 127, 128, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER, undefined),
);
const sample = fc.record({
  identity: fc.dictionary(fc.constantFrom('call_id', 'participant_id', 'consumer_id'), fc.string()),
  values: fc.dictionary(fc.stringMatching(/^[a-z_]{1,40}$/), value, { maxKeys: 40 }),
  timeMs: fc.integer({ min: 1_600_000_000_000, max: 2_000_000_000_000 }),
});

test('samples are read back as the SDK would have sent them', () => {
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 5 }), (samples) => {
      const records = samples.map(
        ({ identity, values, timeMs }) =>
          new SampleRecord('rtc.stats.sfu_consumer', identity, values, timeMs, origin),
      );
      expect(decodeLogs(logsSerializer.serializeRequest(records)!)).toEqual(
        decodeLogs(ProtobufLogsSerializer.serializeRequest(records)!),
      );
    }),
  );
});

test('samples and what the SDK itself recorded leave in one request', async () => {
  const events = await sampleLogs();
  const one = new SampleRecord(
    'rtc.stats.sfu_consumer',
    { call_id: 'c' },
    { score: 10 },
    1_790_000_000_000,
    origin,
  );
  const sent = decodeLogs(logsSerializer.serializeRequest([events[1]!, one])!);
  expect(sent.map(({ eventName }) => eventName).toSorted()).toEqual([
    'rtc.ice.state',
    'rtc.stats.sfu_consumer',
  ]);
});
