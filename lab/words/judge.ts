/**
 * Holds what the inspector says of a call, in its own words, against what the lab did to it. Only words count: a name, a
 * moment and a place that stand in no sentence were not said. Pure.
 *
 * A finding that was due is told right when one of the verdict's findings names the guilty participant, a right hop, and a
 * moment within five seconds of the onset. A clean call is told right when the verdict says plainly that it was fine.
 */
import type { CallVerdict, Finding } from '../../quality/verdict/call-verdict.ts';
import { type Part, plainText, type Text } from '../../quality/verdict/parts.ts';
import type { Hop } from '../../telemetry/rows.ts';
import type { ExpectedFinding, RunRow } from '../row.ts';

export const toleranceMs = 5_000;

/** How a hop is named to a person. Nothing names an unknown one. */
const hopWords: Readonly<Record<Hop, RegExp>> = {
  sender_device: /\b(camera|microphone|device was too busy to send|left \S+ damaged)\b/,
  uplink: /\buplink\b|\breached the media server unevenly\b|\bits link was believed\b/,
  sfu: /\bmedia server (was overloaded|stopped working|was restarted)\b|\bconnect to the media server anew\b/,
  downlink: /\bdownlink\b|^Packets reached \S+ unevenly\b|\bwhose link was too slow\b/,
  receiver_device: /\bdevice\b/,
  relay: /\brelay\b/,
  far_network: /\bnetwork path\b|\bto the media server and back\b|\bover TCP\b|\bUDP\b|\bcould not connect\b/,
  unknown: /(?!)/,
};

export interface Told {
  readonly verdict: CallVerdict;
  /** Names of all participants, by id. */
  readonly names: ReadonlyMap<string, string>;
}

export interface JudgedWords {
  readonly expected: ExpectedFinding;
  readonly participant: boolean;
  readonly hop: boolean;
  readonly time: boolean;
  /** The sentences that come nearest; '' when the verdict has no finding. */
  readonly said: string;
}

export interface JudgedCall {
  readonly run: string;
  readonly family: string;
  /** Moderate and severe faults, and clean calls. */
  readonly counts: boolean;
  /** None for a clean call. */
  readonly findings: readonly JudgedWords[];
  /** Of a clean call: whether it is called fine, in the headline too. */
  readonly plain: boolean | null;
  readonly headline: string;
}

/** @param told one for each call that the run made: who comes back after a node died is in a new one */
export function judgeWords(row: RunRow, told: readonly Told[]): JudgedCall {
  const onsetMs = Date.parse(row.date);
  const said = told.flatMap(({ verdict, names }) => verdict.findings.map((finding) => ({ finding, names })));
  const headlines = told.map(({ verdict }) => plainText(verdict.headline));
  const clean = row.truth.expected.length === 0;
  return {
    run: `${row.family} ${row.severity} ${row.seed}`,
    family: row.family,
    counts: clean || row.severity !== 'mild',
    findings: row.truth.expected.map((expected) => bestOf(expected, said, row.seats, onsetMs)),
    plain: clean
      ? told.length > 0 &&
        told.every(({ verdict }) => verdict.level === 'fine') &&
        headlines.every((headline) => headline.startsWith('This call was fine'))
      : null,
    headline: headlines.join(' '),
  };
}

function bestOf(
  expected: ExpectedFinding,
  said: readonly { finding: Finding; names: Told['names'] }[],
  seats: RunRow['seats'],
  onsetMs: number,
): JudgedWords {
  const ids = expected.guilty === null ? [] : (seats[expected.guilty] ?? []);
  const judged = said.map(({ finding, names }): JudgedWords => {
    const told: Text = [...finding.what, ' ', ...finding.why];
    const words = plainText(told);
    const why = plainText(finding.why);
    return {
      expected,
      // Where it is nobody's own, any participant may be named, or none.
      participant:
        expected.guilty === null || ids.some((id) => id !== '' && words.includes(names.get(id) ?? id)),
      hop: expected.hops.some((hop) => hopWords[hop].test(why)),
      time: told.some((part) => isMoment(part) && Math.abs(part.at - onsetMs) <= toleranceMs),
      said: words,
    };
  });
  const right = (j: JudgedWords) => Number(j.participant) * 4 + Number(j.hop) * 2 + Number(j.time);
  return (
    judged.toSorted((a, b) => right(b) - right(a))[0] ?? {
      expected,
      participant: false,
      hop: false,
      time: false,
      said: '',
    }
  );
}

const isMoment = (part: Part): part is { at: number } => typeof part !== 'string' && 'at' in part;

export const isRight = ({ participant, hop, time }: JudgedWords): boolean => participant && hop && time;
