/**
 * What a fault is: something of the service itself that broke, as data. A promise counts good events among all and needs
 * many of them; of a fault one sign is news, and it is over when there are no more signs. Nobody has to suffer yet.
 */
import type { Severity } from '../../telemetry/alerts.ts';
import type { Bounds, Dimension } from '../slos/slo.ts';

export interface Fault {
  /** As in labels, ids and file names: lower case, dashes. Not that of a promise. */
  readonly name: string;
  readonly title: string;
  readonly severity: Severity;
  /** Rows of `minute`, `good`, `total`: what is not good is a sign. A minute may come in several rows. */
  minutes(bounds: Bounds): string;
  /** Rows of `part`, each that is struck, between {from} and {to} (epoch ms). */
  readonly parts: string;
  /** What befell the parts, as it follows their names. */
  readonly happened: string;
  /** When it is over, in words, as it follows "Over". */
  readonly over: string;
  /** As of a promise: who was struck by it. Absent: the fault itself strikes nobody. */
  readonly people?: string;
  readonly dimensions: readonly Dimension[];
  readonly board: string;
  readonly owner: string;
  readonly runbook: string;
}
