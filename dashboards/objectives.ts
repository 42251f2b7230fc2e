/** The thresholds of panels: what the SLOs promise, and where a number is doubtful before it is bad. */
import { sloNamed } from '../alerts/slos/list.ts';
import { atLeast, atMost } from './thresholds.ts';

/** @throws Error when the promise is not about a number: a fault of this build */
function limitOf(name: string): number {
  const { limit } = sloNamed(name);
  if (limit === undefined) throw new Error(`the SLO "${name}" has no limit to draw`);
  return limit;
}

export const objectives = {
  joinSuccessRatio: sloNamed('join-success').objective,
  timeToJoinMs: limitOf('time-to-join'),
  delayMs: limitOf('latency'),
  jitterMs: limitOf('jitter'),
  lossRatio: limitOf('loss'),
  mos: limitOf('mos'),
  recordingSuccessRatio: sloNamed('recording').objective,
  transcriptionSeconds: limitOf('transcription'),
} as const;

/** Below it many users are dissatisfied (E-model, R < 60); windows under it count as bad. */
export const badMos = 3.1;

export const thresholds = {
  joinSuccess: atLeast(objectives.joinSuccessRatio, 0.99),
  timeToJoin: atMost(objectives.timeToJoinMs, 2 * objectives.timeToJoinMs),
  delay: atMost(objectives.delayMs, 400),
  jitter: atMost(objectives.jitterMs, 2 * objectives.jitterMs),
  loss: atMost(objectives.lossRatio, 0.05),
  mos: atLeast(objectives.mos, badMos),
  recording: atLeast(objectives.recordingSuccessRatio, 0.95),
  transcription: atMost(objectives.transcriptionSeconds, 2 * objectives.transcriptionSeconds),
  /** Of scored windows. The service has no objective for it; a tenth is what people complain about. */
  badRatio: atMost(0.03, 0.1),
  /** Of participants whose call was bad. */
  badCalls: atMost(0.05, 0.15),
  /** None is the aim. */
  none: atMost(1),
} as const;
