/** What the runs of `lab -- turn` come to, and the part of the page that shows it. Pure. */
import { z } from 'zod';
import { delayOf } from '../score.ts';
import { standsMs } from './gaps.ts';

const ms = z.number();
const common = { run: z.number().int(), date: z.string() };

/** Times from the moment when the relay is full. */
const reliefSchema = z.object({
  ...common,
  part: z.literal('relief'),
  people: z.number(),
  /** Whether it became full at all; else the times are from when all had come. */
  full: z.boolean(),
  /** Until another relay serves; below 0 when it was there before. */
  secondMs: ms,
  /** Until who asks is given the other relay; 0 when it was before. */
  reliefMs: ms,
  /** Whether the next person who came was on relays with room. */
  newcomerOnIt: z.boolean(),
  /** From the last person's leaving until there is one relay again; null: not in the time given. */
  shrunkAfterMs: ms.nullable(),
});
export type ReliefRow = z.infer<typeof reliefSchema>;

const killSchema = z.object({
  ...common,
  part: z.literal('kill'),
  relayId: z.string(),
  people: z.array(
    z.object({
      name: z.string(),
      /** Whether a path of this person went over the relay that was killed. */
      onIt: z.boolean(),
      /** From the kill until all that the person gets flows again; null: not by the end; absent: nothing stood still for 0.5 s. */
      recoverMs: ms.nullable().optional(),
      stayed: z.boolean(),
    }),
  ),
});
export type KillRow = z.infer<typeof killSchema>;

const drainSchema = z.object({
  ...common,
  part: z.literal('drain'),
  relayId: z.string(),
  /** How many paths went over the relay as its drain began. */
  pathsOnIt: z.number(),
  /** Of who came after the drain began. */
  newcomerOnIt: z.number(),
  /** Whether the relay was there as long as calls were on it. */
  keptWhileUsed: z.boolean(),
  /** `fromMs` from the beginning of the drain. */
  people: z.array(
    z.object({
      name: z.string(),
      gaps: z.array(z.object({ stream: z.string(), fromMs: ms, lastsMs: ms })),
      stayed: z.boolean(),
    }),
  ),
  /** From the last person's leaving until the relay is ended; null: not in the time given. */
  endedAfterMs: ms.nullable(),
});
export type DrainRow = z.infer<typeof drainSchema>;

export const turnRowSchema = z.discriminatedUnion('part', [reliefSchema, killSchema, drainSchema]);
export type TurnRow = z.infer<typeof turnRowSchema>;
export const parts = ['relief', 'kill', 'drain'] as const;
export type Part = (typeof parts)[number];

/** Null where the part was not played. */
export interface TurnResult {
  readonly reliefP95Ms: number | null;
  readonly reliefMedianMs: number | null;
  readonly relayKillRecoverP95Ms: number | null;
  readonly relayKillRecoverMedianMs: number | null;
  /** People who lost the call as a relay was killed. */
  readonly relayKillLeft: number | null;
  /** People whose call stood still or ended while a relay was drained. */
  readonly drainCut: number | null;
  /** Paths of newcomers over a relay that drains. */
  readonly drainNewcomers: number | null;
  readonly runs: Readonly<Record<Part, number>>;
}

export interface TurnReport {
  readonly date: string;
  readonly result: TurnResult;
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly TurnRow[];
}

/** Who had not recovered by the end of the watch counts with this. */
const neverMs = 15_000;

/** Everybody in the call: who is on another relay gets nothing of those who were on it. */
const recoveredOf = ({ recoverMs }: KillRow['people'][number]): number =>
  recoverMs === undefined ? standsMs : (recoverMs ?? neverMs);

export function turnReport(rows: readonly TurnRow[], versions: Record<string, string>): TurnReport {
  const relief = rows.filter((row) => row.part === 'relief');
  const kill = rows.filter((row) => row.part === 'kill');
  const drain = rows.filter((row) => row.part === 'drain');
  const [relieved, recovered] = [
    delayOf(relief.map(({ reliefMs }) => reliefMs)),
    delayOf(kill.flatMap(({ people }) => people).map(recoveredOf)),
  ];
  const whenPlayed = <Row, T>(played: readonly Row[], value: T) => (played.length > 0 ? value : null);
  return {
    date:
      rows
        .map(({ date }) => date)
        .sort()
        .at(-1) ?? '',
    result: {
      reliefP95Ms: relieved.p95Ms,
      reliefMedianMs: relieved.medianMs,
      relayKillRecoverP95Ms: recovered.p95Ms,
      relayKillRecoverMedianMs: recovered.medianMs,
      relayKillLeft: whenPlayed(
        kill,
        countOf(kill, ({ stayed }) => !stayed),
      ),
      drainCut: whenPlayed(
        drain,
        countOf(drain, ({ stayed, gaps }) => !stayed || gaps.length > 0),
      ),
      drainNewcomers: whenPlayed(
        drain,
        drain.reduce((sum, row) => sum + row.newcomerOnIt, 0),
      ),
      runs: { relief: relief.length, kill: kill.length, drain: drain.length },
    },
    versions,
    rows,
  };
}

function countOf<P>(rows: readonly { readonly people: readonly P[] }[], is: (person: P) => boolean): number {
  return rows.flatMap(({ people }) => people).filter(is).length;
}

const seconds = (value: number | null | undefined) =>
  value === null || value === undefined ? '–' : `${(value / 1000).toFixed(1)} s`;

/** What the terminal shows of a run. */
export function turnLine(row: TurnRow): string {
  const name = `${row.part} ${row.run}`;
  if (row.part === 'relief') {
    const newcomer = `the next person has ${row.newcomerOnIt ? '' : 'NO '}room`;
    return `${name}: ${row.full ? 'full' : 'not full'} with ${row.people - 1} people, another relay after ${seconds(row.secondMs)}, given after ${seconds(row.reliefMs)}, ${newcomer}; one relay again ${seconds(row.shrunkAfterMs)} after all left`;
  }
  if (row.part === 'kill') {
    const people = row.people.map(({ name: who, onIt, recoverMs, stayed }) => {
      const back = recoverMs === undefined ? 'nothing stood still' : `back after ${seconds(recoverMs)}`;
      return `${who}${onIt ? '*' : ''} ${back}${stayed ? '' : ', LEFT'}`;
    });
    return `${name}: ${row.relayId} killed; ${people.join('; ')} (* was on it)`;
  }
  const cut = countOf([row], ({ stayed, gaps }) => !stayed || gaps.length > 0);
  return `${name}: ${row.relayId} drained with ${row.pathsOnIt} paths on it, ${cut} people cut, ${row.newcomerOnIt} newcomers on it; ended ${seconds(row.endedAfterMs)} after all left`;
}

export const turnMarks = {
  from: '<!-- Written by npm run lab -- turn --publish -->',
  to: '<!-- until here -->',
} as const;

/** The page with this report in the place of the one before. @throws Error when the page has no such place */
export function withTurnSection(page: string, report: TurnReport): string {
  const [from, to] = [page.indexOf(turnMarks.from), page.indexOf(turnMarks.to)];
  if (from < 0 || to < from)
    throw new Error(`the page lacks the marks ${turnMarks.from} and ${turnMarks.to}`);
  return `${page.slice(0, from)}${turnMarks.from}\n\n${turnText(report)}\n${page.slice(to)}`;
}

export function turnText({ date, result: r, rows, versions }: TurnReport): string {
  const said = (met: boolean | null) => (met === null ? '–' : met ? 'reached' : '**missed**');
  const below = (value: number | null, limit: number) => said(value === null ? null : value < limit);
  const none = (value: number | null) => said(value === null ? null : value === 0);
  const onDrained = rows.reduce((sum, row) => sum + (row.part === 'drain' ? row.pathsOnIt : 0), 0);
  return `Real Chromium calls of three, all media over coturn, played up to ${date.slice(0, 10)}: ${r.runs.relief} times people came until a relay of 2 Mbit/s was full, ${r.runs.kill} were killed, ${r.runs.drain} drained.

| | reached | wanted | |
| --- | --- | --- | --- |
| relay full until new calls are given another one, p95 | ${seconds(r.reliefP95Ms)} (median ${seconds(r.reliefMedianMs)}) | under 15 s | ${below(r.reliefP95Ms, 15_000)} |
| relay killed until all media is back, p95 | ${seconds(r.relayKillRecoverP95Ms)} (median ${seconds(r.relayKillRecoverMedianMs)}) | under 6 s | ${below(r.relayKillRecoverP95Ms, 6_000)} |
| people who lost the call by it | ${r.relayKillLeft ?? '–'} | 0 | ${none(r.relayKillLeft)} |
| people cut by a drain (${onDrained} paths on the drained relays) | ${r.drainCut ?? '–'} | 0 | ${none(r.drainCut)} |

Who noticed nothing for half a second counts with half a second. Made with ${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}. Every run: [scoreboard-turn.json](scoreboard-turn.json).
`;
}
