/**
 * Writes what one participant's browser would have recorded of a call whose samples are known, in each of the
 * formats: recordings with a known truth, without keeping anybody's.
 */
import { memberName, methodName } from '../../../../quality/recordings/format-3.ts';
import { sampleTables } from '../../../../quality/recordings/rows.ts';
import {
  type CallSamples,
  type Sample,
  type SampleTable,
  sampleColumns,
} from '../../../../quality/samples.ts';
import { clientStats, type Member } from '../../../../telemetry/stats.ts';

export type StatsObject = Record<string, unknown> & { id: string; type: string; timestamp: number };

export interface Report {
  readonly connection: string;
  readonly time: number;
  readonly objects: StatsObject[];
}

export interface Happening {
  readonly connection: string | null;
  readonly method: string;
  readonly value: unknown;
  readonly time: number;
}

/** The samples that this participant's own client took. */
export function clientSide(call: CallSamples, participantId: string): CallSamples {
  const tables = sampleTables.map((table) => [
    table,
    table.startsWith('sfu_')
      ? []
      : (call[table] as readonly Sample<SampleTable>[]).filter((row) => row.participant_id === participantId),
  ]);
  return { ...call, ...Object.fromEntries(tables), events: [] } as CallSamples;
}

/** One report per connection and time, oldest first. */
export function reportsOf(samples: CallSamples): Report[] {
  const reports = new Map<string, Report>();
  for (const table of sampleTables) {
    for (const row of samples[table]) {
      const key = `${row.time} ${row.transport_id}`;
      const report = reports.get(key) ?? { connection: row.transport_id, time: row.time, objects: [] };
      reports.set(key, report);
      report.objects.push(statsOf(table, row as Sample<SampleTable>));
    }
  }
  return [...reports.values()].sort((a, b) => a.time - b.time);
}

function statsOf(table: SampleTable, row: Sample<SampleTable>): StatsObject {
  const type = table.replaceAll('_', '-') as keyof typeof clientStats;
  const members = clientStats[type].members as readonly Member[];
  const { number, text, flag } = sampleColumns[table];
  const stats: StatsObject = { id: row.stat_id, type, timestamp: row.time };
  for (const column of [...number, ...text, ...flag]) {
    const value = (row as unknown as Record<string, unknown>)[column];
    const member = members.find((m) => m.column === column);
    if (value === null || value === '' || !member) continue;
    const told = member.type === 'seconds' ? Number(value) / 1e6 : value;
    const [outer = '', inner] = member.member.split('.');
    if (inner) stats[outer] = { ...(stats[outer] as object), [inner]: told };
    else stats[outer] = told;
  }
  return stats;
}

export const happenings = (connections: readonly string[], startMs: number): Happening[] =>
  connections.flatMap((connection) => [
    { connection, method: 'create', value: {}, time: startMs - 900 },
    { connection, method: 'oniceconnectionstatechange', value: 'checking', time: startMs - 700 },
    { connection, method: 'oniceconnectionstatechange', value: 'connected', time: startMs - 500 },
    { connection, method: 'onconnectionstatechange', value: 'connected', time: startMs - 400 },
  ]);

/** As jitsi's clients and servers write it. */
export function jitsiDump(reports: readonly Report[], events: readonly Happening[]): string {
  const bases = new Map<string, Map<string, StatsObject>>();
  const lines = inOrder(reports, events).map((entry) => {
    if ('method' in entry) return JSON.stringify([entry.method, entry.connection, entry.value, entry.time]);
    const base = bases.get(entry.connection) ?? new Map<string, StatsObject>();
    bases.set(entry.connection, new Map(entry.objects.map((stats) => [stats.id, stats])));
    const delta: Record<string, unknown> = {};
    for (const stats of entry.objects) {
      const { id: _, ...changed } = changes(stats, base.get(stats.id));
      delta[stats.id] = { ...changed, timestamp: stats.timestamp === entry.time ? 0 : stats.timestamp };
    }
    return JSON.stringify(['getstats', entry.connection, { ...delta, timestamp: entry.time }, entry.time]);
  });
  return `${lines.join('\n')}\n`;
}

/** As Chrome's webrtc-internals page and today's rtcstats clients write it. */
export function format3Dump(reports: readonly Report[], events: readonly Happening[]): string {
  const bases = new Map<string, Map<string, StatsObject>>();
  const number = inverse(memberName, 166);
  const methodNumber = inverse(methodName, 74);
  let before = 0;
  const since = (time: number) => {
    const delta = time - before;
    before = time;
    return delta;
  };
  const lines = inOrder(reports, events).map((entry) => {
    if ('method' in entry) {
      const method = methodNumber.get(entry.method) ?? entry.method;
      return JSON.stringify([method, entry.connection, JSON.stringify(entry.value), since(entry.time)]);
    }
    const base = bases.get(entry.connection) ?? new Map<string, StatsObject>();
    bases.set(entry.connection, new Map(entry.objects.map((stats) => [stats.id, stats])));
    const delta: Record<string, unknown> = { t: entry.time };
    for (const stats of entry.objects) {
      const { id: _, timestamp: __, ...changed } = changes(stats, base.get(stats.id));
      const members = Object.entries(changed).map(([name, value]) => [number.get(name) ?? name, value]);
      if (members.length > 0) delta[stats.id] = Object.fromEntries(members);
      if (changed.type === 'inbound-rtp') (delta[stats.id] as Record<string, unknown>).type = 1;
    }
    for (const id of base.keys()) if (!entry.objects.some((stats) => stats.id === id)) delta[id] = null;
    return JSON.stringify(['g', entry.connection, delta, since(entry.time)]);
  });
  return `RTCStatsDump\n{"fileFormat":3,"userAgent":"Test"}\n${lines.join('\n')}`;
}

/** @param era `words`: no series of timestamps, times of the log in words without a zone, two hours off */
export function internalsDump(
  reports: readonly Report[],
  events: readonly Happening[],
  era: 'epoch' | 'words' = 'epoch',
): string {
  const connections: Record<string, { updateLog: unknown[]; stats: Record<string, unknown> }> = {};
  const of = (id: string) => {
    connections[id] ??= { updateLog: [], stats: {} };
    return connections[id];
  };
  for (const { connection, method, value, time } of events) {
    if (connection === null) continue;
    const words = new Date(time + 7_200_000).toLocaleString('en-US', { timeZone: 'UTC' });
    const entry = { type: method.replace(/^on/, ''), value: JSON.stringify(value) };
    of(connection).updateLog.push(
      era === 'epoch' ? { ...entry, timestamp: time } : { ...entry, time: words },
    );
  }
  const series = new Map<string, { connection: string; type: string; times: number[]; values: unknown[] }>();
  for (const { connection, objects } of reports) {
    for (const { id, type, ...members } of objects) {
      for (const [name, value] of Object.entries(members)) {
        if (name === 'timestamp' && era === 'words') continue;
        const key = `${connection}\n${id}-${name}`;
        const known = series.get(key) ?? { connection, type, times: [], values: [] };
        series.set(key, known);
        known.times.push(members.timestamp);
        known.values.push(value);
      }
    }
  }
  for (const [key, { connection, type, times, values }] of series) {
    of(connection).stats[key.split('\n')[1]!] = {
      startTime: new Date(times[0]!).toISOString(),
      endTime: new Date(times.at(-1)!).toISOString(),
      statsType: type,
      values: JSON.stringify(values),
    };
  }
  return JSON.stringify({ getUserMedia: [], PeerConnections: connections, UserAgent: 'Test' }, null, 1);
}

const changes = (stats: StatsObject, base: StatsObject | undefined): Record<string, unknown> =>
  Object.fromEntries(Object.entries(stats).filter(([name, value]) => base?.[name] !== value));

const inOrder = (reports: readonly Report[], events: readonly Happening[]): (Report | Happening)[] =>
  [...reports, ...events].sort((a, b) => a.time - b.time);

function inverse(nameOf: (key: string) => string, last: number): Map<string, string> {
  const numbers = new Map<string, string>();
  for (let n = 1; n <= last; n++)
    if (nameOf(String(n)) !== String(n)) numbers.set(nameOf(String(n)), String(n));
  return numbers;
}
