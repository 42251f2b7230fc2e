/** What we did about it and whether it helped, in words. */
import { type DecisionRow, isBound } from '../../telemetry/rows.ts';
import { at, type Part, type Text, text } from './parts.ts';

const outcomes: Record<DecisionRow['outcome'], string> = {
  better: 'and it got better',
  same: 'which changed little',
  worse: 'which made it worse',
  unknown: 'whether it helped could not be measured',
  '': 'whether it helped was not measured',
};

const liftReasons: Record<string, string> = {
  recovered: 'when the line had recovered',
  expired: 'when its time ran out',
  replaced: 'when a stronger step replaced it',
};

/** One sentence for the decisions about one participant that belong to one problem; in order of time. */
export function decisionWords(decisions: readonly DecisionRow[], name: Part): Text {
  const first = decisions[0]!;
  const applied = decisions.filter((d) => d.applied_at !== null);
  // A raise is over within seconds and takes nothing from anybody: told of where there is nothing else to tell.
  const bounding = applied.filter((d) => isBound(d.kind));
  const carriedOut = bounding.length > 0 ? bounding : applied;
  if (carriedOut.length === 0) {
    const why = first.lift_reason === 'refused' ? 'the media server refused it' : 'it was not carried out';
    return text`We decided to ${action(first, name)} at ${at(first.decided_at)}, but ${why}.`;
  }
  const last = carriedOut.at(-1)!;
  const start = carriedOut[0]!.applied_at!;
  const told = carriedOut.findLast((d) => d.outcome !== '' && d.outcome !== 'unknown') ?? last;
  const audioOnly = carriedOut.find((d) => d.kind === 'audio_only');
  const main = audioOnly ?? carriedOut[0]!;
  const joint =
    told.outcome === 'better' ? ' ' : told.outcome === 'same' || told.outcome === 'worse' ? ', ' : '; ';
  const end = isBound(main.kind) ? ending(last) : '';
  return text`We ${actionDone(main, name)} at ${at(start)}${joint}${outcomes[told.outcome]}.${end}`;
}

function ending({ lifted_at, lift_reason }: DecisionRow): Text {
  if (lifted_at === null) return text` It is still in force.`;
  const why = liftReasons[lift_reason];
  return text` It was lifted at ${at(lifted_at)}${why ? ` ${why}` : ''}.`;
}

function actionDone(decision: DecisionRow, name: Part): Text {
  if (decision.kind === 'raise_estimate') return text`tried to send more to ${name}`;
  if (decision.kind === 'audio_only')
    return text`stopped sending video to ${name}, so that sound gets through,`;
  return text`lowered the video sent to ${name}${layer(decision)}`;
}

function action(decision: DecisionRow, name: Part): Text {
  if (decision.kind === 'raise_estimate') return text`try to send more to ${name}`;
  if (decision.kind === 'audio_only') return text`stop sending video to ${name}`;
  return text`lower the video sent to ${name}${layer(decision)}`;
}

const layerNames = ['to the lowest layer', 'to the middle layer', 'to the highest layer'];

function layer(decision: DecisionRow): string {
  const spatial = params(decision).spatialLayer;
  return typeof spatial === 'number' && layerNames[spatial] ? ` ${layerNames[spatial]}` : '';
}

function params(decision: DecisionRow): { spatialLayer?: unknown } {
  try {
    return JSON.parse(decision.params || '{}') as { spatialLayer?: unknown };
  } catch {
    return {};
  }
}
