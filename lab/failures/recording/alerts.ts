/**
 * Which alerts the promises of recordings would raise half an hour later, if things stayed as they are now: what the store
 * holds, judged by the evaluation of every minute. Promises are about many: what one recorder told of a recording that
 * ended is told by eleven more, in the same words, before.
 */
import { longestMinutes } from '../../../alerts/burn.ts';
import { replay } from '../../../alerts/replay.ts';
import { slos } from '../../../alerts/slos/list.ts';
import { type MinutesRow, minutesSql, seriesOf } from '../../../alerts/slos/minutes.ts';
import { events } from '../../../telemetry/events.ts';
import type { Studio } from './recorded-call.ts';

const minuteMs = 60_000;
const others = 11;
const laterMinutes = 30;

export async function alertsOf({ rows, insert }: Studio, callId: string): Promise<string[]> {
  const stopped = await rows<{ call_id: string }>(
    'SELECT * FROM rtc_event WHERE call_id = {callId:String} AND name = {name:String}',
    { callId, name: events.recordingStopped },
  );
  const copies = Array.from({ length: others }, (_, i) =>
    stopped.map((row) => ({ ...row, call_id: `${row.call_id}-${i}` })),
  );
  await insert('rtc_event', copies.flat());
  const now = Math.floor(Date.now() / minuteMs);
  const [from, to] = [now - 5, now + laterMinutes];
  // A call of one, and nothing after it, says nothing of the others.
  const promises = slos.filter(({ board }) => board === 'recording');
  const minutes = await rows<MinutesRow>(minutesSql(promises), {
    from: (from - longestMinutes) * minuteMs,
    to: to * minuteMs,
  });
  const { changes } = replay({
    slos: promises,
    series: seriesOf(minutes, promises),
    alerts: new Map(),
    from,
    to,
  });
  return [
    ...new Set(
      changes
        .filter(({ fired_at }) => fired_at !== null)
        .map(({ slo, kind, severity }) => `${slo} ${kind} (${severity})`),
    ),
  ];
}
