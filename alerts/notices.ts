/** Which messages an alert becomes, and for whom: rows that stay in the store until each has been taken. Pure. */
import type { AlertNoticeRow } from '../telemetry/alerts.ts';
import type { Receiver } from './delivery/receiver.ts';
import type { AlertMessage } from './message.ts';

export const noticesOf = (
  message: AlertMessage,
  receivers: readonly Receiver[],
  madeAtMs: number,
): AlertNoticeRow[] =>
  receivers
    .filter(({ severities }) => severities.includes(message.severity))
    .map((receiver) => ({
      receiver: receiver.name,
      notice_id: message.noticeId,
      alert_id: message.alertId,
      kind: message.kind,
      made_at: madeAtMs,
      message: JSON.stringify(message),
      sent_at: null,
      attempts: 0,
      last_error: '',
      revision: 0,
    }));
