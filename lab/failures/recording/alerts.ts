/**
 * Which alerts about recordings a run raises. Promises are about many: what one recorder told of a recording that ended is
 * told by eleven more, in the same words.
 */
import { events } from '../../../telemetry/events.ts';
import { alertsRaised } from '../alerts.ts';
import type { Studio } from './recorded-call.ts';

const others = 11;

export async function alertsOf({ rows, insert, stack, signal }: Studio, callId: string): Promise<string[]> {
  const stopped = await rows<{ call_id: string }>(
    'SELECT * FROM rtc_event WHERE call_id = {callId:String} AND name = {name:String}',
    { callId, name: events.recordingStopped },
  );
  const copies = Array.from({ length: others }, (_, i) =>
    stopped.map((row) => ({ ...row, call_id: `${row.call_id}-${i}` })),
  );
  await insert('rtc_event', copies.flat());
  // A call of one, and nothing after it, says nothing of the other promises.
  return alertsRaised({ clickhouseUrl: stack.urls.clickhouse, signal, board: 'recording' });
}
