/**
 * Prometheus Alertmanager, API v2 (github.com/prometheus/alertmanager, api/v2/openapi.yaml, `POST /alerts`). It takes
 * an alert for resolved once `endsAt` has passed, and holds alerts in memory only: open ones are repeated every minute
 * with an end some minutes away. Group by `incident` there, and one incident is one notification.
 */
import type { AlertMessage } from '../message.ts';
import { jsonRequest, type Receiver } from './receiver.ts';

/** Longer than a restart of the pipelines takes. */
const heldMs = 10 * 60_000;

export const alertmanager = (baseUrl: string): Receiver => ({
  name: 'alertmanager',
  severities: ['page', 'ticket'],
  forgets: true,
  request: (message, nowMs) => jsonRequest(`${baseUrl}/api/v2/alerts`, [alertOf(message, nowMs)]),
});

function alertOf(message: AlertMessage, nowMs: number) {
  const endsMs = message.kind === 'resolved' ? (message.endedMs ?? nowMs) : nowMs + heldMs;
  return {
    // Identity: the same labels are the same alert.
    labels: {
      alertname: message.title,
      slo: message.slo,
      severity: message.severity,
      owner: message.owner,
      service: 'callscope',
      alert: message.alertId,
      incident: message.groupId,
      ...(message.scope ? { scope: message.scope } : {}),
      ...(message.factor ? { factor: message.factor } : {}),
      ...(message.test ? { test: 'true' } : {}),
    },
    annotations: {
      summary: message.headline,
      description: message.details.join('\n'),
      runbook: message.runbook,
      links: message.links.map(({ title, url }) => `${title}: ${url}`).join('\n'),
    },
    // Alertmanager does not wait for the rest of a group whose alert began long ago; of several it keeps the first.
    startsAt: new Date(message.kind === 'firing' ? message.toldMs : message.firedMs).toISOString(),
    endsAt: new Date(endsMs).toISOString(),
    ...(message.links[0] ? { generatorURL: message.links[0].url } : {}),
  };
}
