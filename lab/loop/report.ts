/** What the loop's runs come to: the same faults with it off and on, side by side, and the page that shows it. Pure. */
import { z } from 'zod';
import { isBound } from '../../telemetry/rows.ts';
import { type RunRow, rowSchema } from '../row.ts';
import { delayOf, round } from '../score.ts';

export const loopRowSchema = rowSchema.extend({
  suffered: z.object({
    frozenSeconds: z.number(),
    withheldSeconds: z.number(),
    badAudioSeconds: z.number(),
    recoverMs: z.number().nullable(),
  }),
});
export type LoopRow = z.infer<typeof loopRowSchema>;

export interface LoopResult {
  /** Added up over all runs with a fault. */
  readonly frozenSecondsOff: number | null;
  readonly frozenSecondsOn: number | null;
  /** Held back by a decision, which the page says in the picture's place. */
  readonly withheldSecondsOn: number | null;
  readonly badAudioSecondsOff: number | null;
  readonly badAudioSecondsOn: number | null;
  /** Mean while the fault lasts, of those that it hits. */
  readonly audioMosOff: number | null;
  readonly audioMosOn: number | null;
  readonly videoMosOff: number | null;
  readonly videoMosOn: number | null;
  /** A run that did not recover by its end counts with all the time there was. */
  readonly recoverP95MsOff: number | null;
  readonly recoverP95MsOn: number | null;
  /** From the fault to the first decision that was carried out. */
  readonly actionP95Ms: number | null;
  /** Faults in which nothing was decided. */
  readonly withoutAction: number;
  readonly cleanDecisionsPerHour: number | null;
  readonly cleanAudioMosOff: number | null;
  readonly cleanAudioMosOn: number | null;
  /** Decisions taken back within a minute by their opposite, of all. */
  readonly flaps: number;
  readonly runs: number;
}

export interface LoopCase {
  readonly name: string;
  readonly seeds: number;
  readonly off: Side;
  readonly on: Side;
  readonly actionMs: number | null;
}

interface Side {
  readonly frozenSeconds: number | null;
  readonly withheldSeconds: number | null;
  readonly badAudioSeconds: number | null;
  readonly audioMos: number | null;
  readonly videoMos: number | null;
  readonly recoverMs: number | null;
}

export interface LoopReport {
  readonly date: string;
  readonly result: LoopResult;
  readonly cases: readonly LoopCase[];
  readonly versions: Record<string, string>;
}

/** Only seeds that were played both ways count. */
export function loopReport(rows: readonly LoopRow[]): LoopReport {
  const paired = rows.filter((row) =>
    rows.some((other) => pairOf(other) === pairOf(row) && other.loop !== row.loop),
  );
  const faulty = paired.filter(({ family }) => family !== 'clean');
  const clean = paired.filter(({ family }) => family === 'clean');
  const [off, on] = [side(faulty, 'off'), side(faulty, 'on')];
  const actions = of(faulty, 'on').map(firstActionMs);
  const decided = of(clean, 'on').reduce((sum, row) => sum + row.decisions.length, 0);
  const hours = of(clean, 'on').reduce(
    (sum, row) => sum + (row.participants * (row.endMs - row.readyMs)) / 3_600_000,
    0,
  );
  return {
    date:
      paired
        .map(({ date }) => date)
        .sort()
        .at(-1) ?? '',
    result: {
      frozenSecondsOff: sum(of(faulty, 'off').map((row) => row.suffered.frozenSeconds)),
      frozenSecondsOn: sum(of(faulty, 'on').map((row) => row.suffered.frozenSeconds)),
      withheldSecondsOn: sum(of(faulty, 'on').map((row) => row.suffered.withheldSeconds)),
      badAudioSecondsOff: sum(of(faulty, 'off').map((row) => row.suffered.badAudioSeconds)),
      badAudioSecondsOn: sum(of(faulty, 'on').map((row) => row.suffered.badAudioSeconds)),
      audioMosOff: off.audioMos,
      audioMosOn: on.audioMos,
      videoMosOff: off.videoMos,
      videoMosOn: on.videoMos,
      recoverP95MsOff: p95(of(faulty, 'off').map(recovered)),
      recoverP95MsOn: p95(of(faulty, 'on').map(recovered)),
      actionP95Ms: p95(actions.filter((ms) => ms !== null)),
      withoutAction: actions.filter((ms) => ms === null).length,
      cleanDecisionsPerHour: hours > 0 ? round(decided / hours, 2) : null,
      cleanAudioMosOff: side(clean, 'off').audioMos,
      cleanAudioMosOn: side(clean, 'on').audioMos,
      flaps: of(paired, 'on').reduce((count, row) => count + flapsOf(row), 0),
      runs: paired.length,
    },
    cases: [...Map.groupBy(paired, ({ family, severity }) => `${family} ${severity}`)].map(
      ([name, ofCase]) => ({
        name,
        seeds: of(ofCase, 'on').length,
        off: side(ofCase, 'off'),
        on: side(ofCase, 'on'),
        actionMs: median(
          of(ofCase, 'on')
            .map(firstActionMs)
            .filter((ms) => ms !== null),
        ),
      }),
    ),
    versions: paired.at(-1)?.versions ?? {},
  };
}

export function loopText({ date, result: r, cases, versions }: LoopReport): string {
  const pair = (off: number | null, on: number | null, unit = '') =>
    `${off ?? '–'}${unit} → ${on ?? '–'}${unit}`;
  const seconds = (ms: number | null) => (ms === null ? null : round(ms / 1000, 1));
  const fewer =
    r.frozenSecondsOff && r.frozenSecondsOn !== null
      ? `${Math.round((1 - r.frozenSecondsOn / r.frozenSecondsOff) * 100)} % fewer`
      : '–';
  return `# What the loop does for a call

The same faults with the same seeds, with the loop off and on: ${r.runs} real calls of three Chromium participants, played up to ${date.slice(0, 10)}.
Written by \`npm run lab -- loop --publish\`; figures and runs: [scoreboard-loop.json](scoreboard-loop.json). Losses are in it.

|  | off → on | wanted |
| --- | --- | --- |
| seconds frozen, all faults | ${pair(r.frozenSecondsOff, r.frozenSecondsOn, ' s')} (${fewer}) | at least 40 % fewer |
| seconds that pictures were held back by a decision, and the page said so | – → ${r.withheldSecondsOn ?? '–'} s | – |
| seconds of bad audio (over a tenth made up) | ${pair(r.badAudioSecondsOff, r.badAudioSecondsOn, ' s')} | at most a third at 120 kbit/s down |
| audio MOS while the fault lasts | ${pair(r.audioMosOff, r.audioMosOn)} | within 0.1 of a clean call where only bandwidth is short |
| video MOS while the fault lasts | ${pair(r.videoMosOff, r.videoMosOn)} | – |
| full pictures again after the fault, p95 | ${pair(seconds(r.recoverP95MsOff), seconds(r.recoverP95MsOn), ' s')} | 8 s after an uplink |
| fault to action, p95 | ${seconds(r.actionP95Ms) ?? '–'} s (${r.withoutAction} faults without one) | 3 s |
| decisions per clean participant-hour | ${r.cleanDecisionsPerHour ?? '–'} | under 0.5 |
| audio MOS of clean calls | ${pair(r.cleanAudioMosOff, r.cleanAudioMosOn)} | no difference |
| reversals within a minute | ${r.flaps} | at most one a minute |

## By fault, off → on

| fault | seeds | frozen | held back | bad audio | audio MOS | video MOS | recovered after | first action |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${cases
  .map(
    (c) =>
      `| ${c.name} | ${c.seeds} | ${pair(c.off.frozenSeconds, c.on.frozenSeconds, ' s')} | ${c.on.withheldSeconds ?? '–'} s | ${pair(c.off.badAudioSeconds, c.on.badAudioSeconds, ' s')} | ${pair(c.off.audioMos, c.on.audioMos)} | ${pair(c.off.videoMos, c.on.videoMos)} | ${pair(seconds(c.off.recoverMs), seconds(c.on.recoverMs), ' s')} | ${seconds(c.actionMs) ?? '–'}${c.actionMs === null ? '' : ' s'} |`,
  )
  .join('\n')}

Frozen and bad seconds are means of a run, added up over everybody that the fault hits, from its onset to the end of the
call. Made with ${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}.
`;
}

const pairOf = ({ family, severity, seed }: RunRow) => `${family} ${severity} ${seed}`;
const of = (rows: readonly LoopRow[], mode: LoopRow['loop']) => rows.filter(({ loop }) => loop === mode);
const recovered = (row: LoopRow): number => row.suffered.recoverMs ?? row.endMs - row.faultEndMs;
const firstActionMs = (row: LoopRow): number | null =>
  row.decisions.find(({ kind, sentMs }) => isBound(kind) && sentMs >= 0)?.sentMs ?? null;

/** Taken back so soon, it had not been given up for good reason. */
const soonMs = 60_000;

/** What was taken within a minute after the like of it had been lifted for the same participant. */
const flapsOf = ({ decisions }: RunRow): number =>
  decisions.filter((taken) =>
    decisions.some(
      ({ kind, seat, recoveredMs }) =>
        (kind === 'limit_sending') === (taken.kind === 'limit_sending') &&
        isBound(taken.kind) &&
        seat === taken.seat &&
        typeof recoveredMs === 'number' &&
        recoveredMs <= taken.sentMs &&
        taken.sentMs - recoveredMs < soonMs,
    ),
  ).length;

function side(rows: readonly LoopRow[], mode: LoopRow['loop']): Side {
  const chosen = of(rows, mode);
  const meanOf = (pick: (row: LoopRow) => number | null) => {
    const known = chosen.map(pick).filter((value) => value !== null);
    return known.length > 0 ? round(known.reduce((a, b) => a + b, 0) / known.length, 2) : null;
  };
  return {
    frozenSeconds: meanOf((row) => row.suffered.frozenSeconds),
    withheldSeconds: meanOf((row) => row.suffered.withheldSeconds),
    badAudioSeconds: meanOf((row) => row.suffered.badAudioSeconds),
    audioMos: meanOf((row) => row.mos.during.audio),
    videoMos: meanOf((row) => row.mos.during.video),
    recoverMs: median(chosen.map(recovered)),
  };
}

const sum = (values: readonly number[]) =>
  values.length > 0
    ? round(
        values.reduce((a, b) => a + b, 0),
        1,
      )
    : null;
const p95 = (values: readonly number[]) => delayOf(values).p95Ms;
const median = (values: readonly number[]) => delayOf(values).medianMs;
