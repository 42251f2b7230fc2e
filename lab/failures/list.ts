/** All scenarios; the table, the help and the page follow from this list. */
import type { FailureScenario } from './scenario.ts';
import { workerKill } from './worker-kill.ts';

export const failureScenarios: readonly FailureScenario[] = [workerKill];
