/** Whether the loop closed: each rule looks at the report and says in words what is missing. */
import type { Report } from './report.ts';

/** From the fault to a decision in force. */
export const actionLimitMs = 6_000;

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

type Rule = (report: Report) => string[];

const faultHappened: Rule = ({ fault }) => {
  if (fault.onMs === null) return ['the fault was never switched on'];
  return fault.offMs === null ? ['the fault was never switched off'] : [];
};

/** An observation service that scored nothing has not closed a loop, whatever its decisions. */
const everybodyScored: Rule = ({ participants }) =>
  participants.flatMap(({ name, mos }) =>
    (['audio', 'video'] as const)
      .filter((kind) => mos[kind].score === null)
      .map((kind) => `${name}'s ${kind} was never scored`),
  );

const detected: Rule = ({ fault, incidents }) => {
  const { onMs, target, targetName } = fault;
  if (onMs === null) return [];
  const named = incidents.filter(
    ({ kind, hop, participant }) =>
      kind === 'downlink_congestion' && hop === 'downlink' && participant === target,
  );
  if (named.some(({ detectedMs }) => detectedMs >= onMs)) return [];
  const others = incidents.filter(
    ({ participant, detectedMs }) => participant === target && detectedMs >= onMs,
  );
  const instead = others.map(({ kind, hop }) => `${kind} at hop ${hop}`).join(', ');
  return [
    `no downlink_congestion at ${targetName}'s downlink was detected after the fault` +
      (instead ? `; found instead: ${instead}` : ''),
  ];
};

const actedInTime: Rule = ({ fault, decisions, loop }) => {
  if (fault.onMs === null) return [];
  const own = decisions.filter(({ target }) => target === fault.target);
  if (own.length === 0) return [`no decision was made for ${fault.targetName}`];
  if (loop.faultToActionMs === null)
    return [`no decision for ${fault.targetName} was applied after the fault`];
  return loop.faultToActionMs > actionLimitMs
    ? [
        `the first decision for ${fault.targetName} was in force ${seconds(loop.faultToActionMs)} after the fault, ` +
          `the limit is ${seconds(actionLimitMs)}`,
      ]
    : [];
};

const liftedAfterwards: Rule = ({ fault, decisions }) => {
  const { offMs, target, targetName } = fault;
  const own = decisions.filter((decision) => decision.target === target && decision.appliedMs !== null);
  if (offMs === null || own.length === 0) return [];
  const inForce = own.filter(({ liftedMs }) => liftedMs === null);
  if (inForce.length > 0) return [`a decision for ${targetName} was still in force at the end`];
  const lastLift = Math.max(...own.map(({ liftedMs }) => liftedMs ?? 0));
  return lastLift >= offMs
    ? []
    : [`the last decision for ${targetName} was let go ${seconds(offMs - lastLift)} before the fault ended`];
};

const nobodyElseBlamed: Rule = ({ fault, participants, incidents, decisions }) => {
  const others = new Map(
    participants.filter(({ id }) => id !== fault.target).map(({ id, name }) => [id, name]),
  );
  return [
    ...incidents
      .filter(({ participant }) => others.has(participant))
      .map(({ kind, hop, participant }) => `${others.get(participant)} was blamed for ${kind} at hop ${hop}`),
    ...decisions
      .filter(({ target }) => others.has(target))
      .map(({ kind, target }) => `${others.get(target)} was put under ${kind}`),
  ];
};

const noFalseAlarm: Rule = ({ fault, incidents }) => {
  const { onMs, target, targetName } = fault;
  if (onMs === null) return [];
  return incidents
    .filter(({ participant, detectedMs }) => participant === target && detectedMs < onMs)
    .map(
      ({ kind, detectedMs }) =>
        `${kind} was raised for ${targetName} ${seconds(onMs - detectedMs)} before the fault`,
    );
};

const rules: Rule[] = [
  faultHappened,
  everybodyScored,
  detected,
  actedInTime,
  liftedAfterwards,
  nobodyElseBlamed,
  noFalseAlarm,
];

/** The reasons why it did not; empty when the loop closed. */
export function failures(report: Report): string[] {
  return rules.flatMap((rule) => rule(report));
}
