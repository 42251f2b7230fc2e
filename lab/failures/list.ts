/** All scenarios; the table, the help and the page follow from this list. */
import { nodeDrain } from './node-drain.ts';
import { nodeKills } from './node-kill.ts';
import { recordingScenarios } from './recording/scenarios.ts';
import type { FailureScenario } from './scenario.ts';
import { signalingScenarios } from './signaling.ts';
import { workerKill } from './worker-kill.ts';

export const failureScenarios: readonly FailureScenario[] = [
  workerKill,
  ...nodeKills,
  nodeDrain,
  ...signalingScenarios,
  ...recordingScenarios,
];
