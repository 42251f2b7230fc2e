/** What a receiver of alerts is: which of them it takes, and what one becomes on its way there. */
import type { Severity } from '../../telemetry/alerts.ts';
import type { AlertMessage } from '../message.ts';

export interface HttpRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Receiver {
  /** As it stands in `alert_notice` and in logs. */
  readonly name: string;
  readonly severities: readonly Severity[];
  /** Forgets what it is not told again: open alerts are repeated to it every minute. */
  readonly forgets: boolean;
  /** Undefined: this one need not know. @param nowMs when it is sent */
  request(message: AlertMessage, nowMs: number): HttpRequest | undefined;
}

export const jsonRequest = (url: string, body: object): HttpRequest => ({
  url,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/** @param length of the longest text that the receiver takes */
export const shortened = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 1)}…`;
