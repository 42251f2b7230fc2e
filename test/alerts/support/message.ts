/** One message as an alert makes it. */
import type { AlertMessage } from '../../../alerts/message.ts';

export const message = (more: Partial<AlertMessage> = {}): AlertMessage => ({
  noticeId: 'alert-1-firing',
  alertId: 'alert-1',
  groupId: 'group-1',
  kind: 'firing',
  severity: 'page',
  slo: 'join-success',
  scope: '',
  title: 'Join success',
  owner: 'media-sre',
  headline: 'Join success: 41 of 300 people (13.7 %) cannot join since 2023-11-14 22:00 UTC',
  details: ['Promise: more than 99.9 % of joins succeed.'],
  links: [{ title: 'Worst call 1', url: 'http://inspector/calls/c1' }],
  runbook: 'alerts/runbooks/join-success.md',
  sinceMs: 1_699_999_000_000,
  firedMs: 1_699_999_900_000,
  endedMs: null,
  toldMs: 1_699_999_930_000,
  factor: 'country=DE',
  othersOpen: false,
  test: false,
  ...more,
});
