/** What a scenario of `npm run lab -- failures` is, and what one run of it tells. Each scenario is a file of its own. */
import type { Screen } from '../../runtime/demo/screen.ts';

export interface FailureScenario {
  readonly name: string;
  /** What is done, in words. */
  readonly fault: string;
  /** Who notices. */
  readonly detection: string;
  /** What happens then, without anybody's doing. */
  readonly mitigation: string;
  /** What people on call must be told, as alertName says it, and nothing else. Empty: nobody need be told. */
  readonly raises: readonly string[];
  /** What `lost` counts, e.g. people left behind, recordings that are not whole. */
  readonly lossOf: string;
  /** Starts what serves all runs of the scenario. @throws Error when a part does not start; nothing is left running */
  open(context: FailureContext): Promise<OpenScenario>;
}

export interface FailureContext {
  /** A folder of the scenario's own. */
  readonly dataDir: string;
  readonly screen: Screen;
  readonly signal: AbortSignal;
}

export interface OpenScenario {
  /** @param run counted from 0. @throws Error when the run does not come about: it says nothing then */
  play(run: number): Promise<FailureRun>;
  close(): Promise<void>;
}

/** Times from the fault on, ms. */
export interface FailureRun {
  /** Until the service had written down what is wrong; null: it never did. */
  readonly detectMs: number | null;
  /** Until the first step against it; null where the run cannot tell. */
  readonly mitigateMs: number | null;
  /** Until all was as before for everybody; null: not within the run. */
  readonly recoverMs: number | null;
  readonly lost: number;
  /** Kinds of incidents that were opened in the call. */
  readonly incidents: readonly string[];
  /** Names of alerts that were raised. */
  readonly alerts: readonly string[];
  /** Whatever else was measured, by name with unit. */
  readonly also?: Readonly<Record<string, number>>;
}
