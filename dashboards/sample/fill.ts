/** Fills a database that has the schema with a made-up fleet. */
import type { ClickHouseClient } from '@clickhouse/client';
import { sampleRows } from './rows.ts';
import { makeWorld, type SampleCall, type SampleOptions } from './world.ts';

/** @returns the call of which every window is there, for the dashboard of one call */
export async function fillSample(client: ClickHouseClient, options: SampleOptions): Promise<SampleCall> {
  const world = makeWorld(options);
  const dense = showcase(world.calls, (person, ms) => world.trouble(person, ms), options.endMs);
  for (const [table, values] of Object.entries(sampleRows(world, dense))) {
    await client.insert({
      table,
      values,
      format: 'JSONEachRow',
      clickhouse_settings: { async_insert: 0, input_format_skip_unknown_fields: 0 },
    });
  }
  return dense;
}

/** A call of three that is over and in which one has trouble and the others have not. */
function showcase(
  calls: readonly SampleCall[],
  trouble: (person: SampleCall['people'][number], ms: number) => number,
  endMs: number,
): SampleCall {
  const contrast = (call: SampleCall) => {
    const each = call.people.map((person) => trouble(person, (call.startMs + call.endMs) / 2));
    const whole =
      call.people.length === 3 &&
      call.people.every(({ joinError }) => joinError === '') &&
      call.endMs < endMs - 60_000;
    return whole ? Math.max(...each) - Math.min(...each) : -1;
  };
  return calls.reduce((best, call) => (contrast(call) > contrast(best) ? call : best));
}
