/** How often the words were right, by family. Pure: the same judgements give the same figures. */
import { isRight, type JudgedCall, type JudgedWords } from './judge.ts';

export interface WordsScore {
  readonly due: number;
  readonly right: number;
  readonly participant: number;
  readonly hop: number;
  readonly time: number;
}

export interface WordsReport {
  readonly result: {
    readonly calls: number;
    /** Shares, 0 to 1; null where there was nothing to share. */
    readonly right: number | null;
    readonly participantRight: number | null;
    readonly hopRight: number | null;
    readonly timeRight: number | null;
    readonly cleanPlain: number | null;
  };
  readonly byFamily: Readonly<Record<string, WordsScore>>;
  /** The same of mild faults, which do not count above. */
  readonly mild: Readonly<Record<string, WordsScore>>;
  /** What was told wrong, mild or not, with the words. */
  readonly wrong: readonly { readonly run: string; readonly missing: string; readonly said: string }[];
}

export function wordsReport(calls: readonly JudgedCall[]): WordsReport {
  const counting = calls.filter((call) => call.counts);
  const due = counting.flatMap((call) => call.findings);
  const clean = counting.filter((call) => call.plain !== null);
  const all = scoreOf(due);
  const share = (part: number) => (all.due === 0 ? null : round(part / all.due));
  return {
    result: {
      calls: counting.length,
      right: share(all.right),
      participantRight: share(all.participant),
      hopRight: share(all.hop),
      timeRight: share(all.time),
      cleanPlain: clean.length === 0 ? null : round(clean.filter((c) => c.plain).length / clean.length),
    },
    byFamily: byFamily(counting),
    mild: byFamily(calls.filter((call) => !call.counts)),
    wrong: calls.flatMap(wrongOf),
  };
}

function byFamily(calls: readonly JudgedCall[]): Record<string, WordsScore> {
  const groups = Map.groupBy(
    calls.filter((call) => call.findings.length > 0),
    (call) => call.family,
  );
  return Object.fromEntries(
    [...groups].map(([family, own]) => [family, scoreOf(own.flatMap((call) => call.findings))]),
  );
}

const scoreOf = (findings: readonly JudgedWords[]): WordsScore => ({
  due: findings.length,
  right: findings.filter(isRight).length,
  participant: findings.filter((f) => f.participant).length,
  hop: findings.filter((f) => f.hop).length,
  time: findings.filter((f) => f.time).length,
});

function wrongOf({ run, findings, plain, headline }: JudgedCall): WordsReport['wrong'] {
  if (plain === false) return [{ run, missing: 'that it was fine', said: headline }];
  return findings
    .filter((finding) => !isRight(finding))
    .map((finding) => ({
      run,
      missing: (['participant', 'hop', 'time'] as const).filter((what) => !finding[what]).join(', '),
      said: finding.said || headline,
    }));
}

const round = (value: number): number => Math.round(value * 1000) / 1000;

export function wordsText({ result, byFamily: families, mild, wrong }: WordsReport): string {
  const percent = (share: number | null) => (share === null ? '–' : `${(share * 100).toFixed(1)} %`);
  const table = (scores: Readonly<Record<string, WordsScore>>) =>
    [
      '| family | due | right | participant | hop | time |',
      '|---|---|---|---|---|---|',
      ...Object.entries(scores)
        .sort(([a], [b]) => a.localeCompare(b))
        .map(
          ([family, s]) => `| ${family} | ${s.due} | ${s.right} | ${s.participant} | ${s.hop} | ${s.time} |`,
        ),
    ].join('\n');
  return `# Scoreboard of the inspector's words

Made by \`npm run lab -- words --resume FILE --publish\` from calls that the lab played ([lab.md](lab.md)): what the
verdict on a call's page says, against what was done. Right: its sentences name the guilty participant, a right hop, and
a moment within 5 s of the onset. A clean call must be called fine.

${result.calls} calls of moderate or severe faults, or clean: **${percent(result.right)}** of what was due is told right
(participant ${percent(result.participantRight)}, hop ${percent(result.hopRight)}, time ${percent(result.timeRight)}); **${percent(result.cleanPlain)}** of
the clean calls are called fine.

${table(families)}
${Object.keys(mild).length > 0 ? `\n## Mild faults, which do not count above\n\n${table(mild)}\n` : ''}${
  wrong.length > 0
    ? `\n## What was told wrong\n\n${wrong.map((w) => `- ${w.run}: not told: ${w.missing}. Said: “${w.said}”`).join('\n')}\n`
    : ''
}`;
}
