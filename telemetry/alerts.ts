/** Rows of alerting, as the pipelines write them and everybody else reads them. Times are epoch milliseconds. */

export const severities = ['page', 'ticket'] as const;
export type Severity = (typeof severities)[number];

/** Table `alert`: one alert from its first sign to its end. Key: alert_id; the highest `revision` counts. */
export interface AlertRow {
  /** Deterministic: promise or fault, kind, severity, scope and when it began. */
  alert_id: string;
  /** Name of the promise or of the fault. */
  slo: string;
  /** `burn`: the budget burns too fast. `blind`: events are missing that ought to be there. `fault`: a part broke. */
  kind: 'burn' | 'blind' | 'fault';
  severity: Severity;
  /** `country=DE`: of those there only; empty: of everybody. */
  scope: string;
  /** `pending` until it has lasted long enough; `dropped` when it did not; then `firing` and `resolved`. */
  status: 'pending' | 'firing' | 'resolved' | 'dropped';
  /** The alert that opened the incident this one belongs to; its own id when it was the first. */
  group_id: string;
  /** When the condition first held. */
  began_at: number;
  /** Since when people have suffered. */
  since_at: number;
  fired_at: number | null;
  /** Since when the condition has not held any more; null while it holds. */
  calm_at: number | null;
  ended_at: number | null;
  /** Whether anybody has been told: not in maintenance. */
  told: boolean;
  /** Which windows burn, `1h/5m`. */
  burn_window: string;
  /** Times as fast as the budget allows, in the long window when it fired. */
  burn: number | null;
  bad: number | null;
  total: number | null;
  /** `dimension=value` of the likeliest common factor; empty when none stands out. */
  factor: string;
  /** The first line of what is told. */
  headline: string;
  /** JSON of the explanation: factors with numbers, causes, worst calls. */
  explanation: string;
  revision: number;
}

/** Table `alert_notice`: one message to one receiver. Key: receiver, notice_id. */
export interface AlertNoticeRow {
  receiver: string;
  /** Deterministic: alert and kind. */
  notice_id: string;
  alert_id: string;
  kind: 'firing' | 'resolved';
  made_at: number;
  /** JSON of alerts/message.ts. */
  message: string;
  sent_at: number | null;
  attempts: number;
  last_error: string;
  revision: number;
}
