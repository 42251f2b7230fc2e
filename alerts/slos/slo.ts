/**
 * What an SLO is: a promise as data. The evaluator, Grafana's rules, the dashboards and the docs are all made from the
 * one list in list.ts; a new promise is one more entry there and a runbook.
 *
 * Every promise counts good events among all events. One about a percentile becomes one about a share: "p95 under 3 s"
 * is "at least 95 % of joins within 3 s", which holds exactly when the percentile does and, other than a percentile,
 * can be added up over minutes, tenants and regions.
 */

/** How a query is held to a span of time and to tenants; each reader has its own way of saying so. */
export interface Bounds {
  /** A condition on a column of time. */
  during(column: string): string;
  /** A condition on `tenant_id`. */
  readonly tenants: string;
}

/** Whose share of bad events is compared, to find what those who suffer have in common. */
export const dimensions = {
  country: 'country',
  operator: 'operator',
  browser: 'browser',
  browser_version: 'browser version',
  platform: 'platform',
  sfu_node_id: 'SFU node',
  candidate_type: 'candidate type',
  protocol: 'protocol',
  relay_protocol: 'relay protocol',
  video_codec: 'video codec',
} as const;
/** A column of `participant_dimension`. */
export type Dimension = keyof typeof dimensions;

export interface Slo {
  /** As in labels, ids and file names: lower case, dashes. */
  readonly name: string;
  readonly title: string;
  /** In words, with the number. */
  readonly promise: string;
  /** Share of good events, 0 to 1. */
  readonly objective: number;
  /** Days over which the error budget is counted. */
  readonly windowDays: number;
  /** Rows of `minute`, `good`, `total`; a minute may come in several rows. */
  minutes(bounds: Bounds): string;
  /**
   * Rows of `minute`, `seen`: signs that there ought to be events, from another source than the events. Where they
   * are and the events are not, the promise is blind. Absent: silence cannot be told from nothing to do.
   */
  witness?(bounds: Bounds): string;
  /** What parts a good event from a bad one, in the unit of the promise, where it is a number. Dashboards draw it. */
  readonly limit?: number;
  /** With fewer bad events in the long window nobody is told: one failed join of three is no trend. */
  readonly fewestBad: number;
  /** What people suffer, as it follows "38 of 300 people". */
  readonly suffering: string;
  /** What is seen instead where the promise is blind, in words. */
  readonly unseen?: string;
  /**
   * Rows of `minute, tenant_id, call_id, participant_id, detail, bad, total`, one per person and minute, between {from}
   * and {to} (epoch ms); `detail` is why, where the event says so. Absent: the promise is about the service, not about people.
   */
  readonly people?: string;
  readonly dimensions: readonly Dimension[];
  /** Severity of being blind: what the promise is about is not seen at all. */
  readonly blindSeverity: 'page' | 'ticket';
  /** The dashboard that goes on from here, by name. */
  readonly board: string;
  /** Who mends it. */
  readonly owner: string;
  /** From the project's folder. */
  readonly runbook: string;
}
