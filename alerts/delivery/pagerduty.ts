/**
 * PagerDuty Events API v2 (developer.pagerduty.com, "Send an alert event"). The incident is the deduplication key: a
 * second alert of it adds to what is open there and wakes nobody again; it is resolved with its last alert. Tickets
 * are not sent.
 */
import type { AlertMessage } from '../message.ts';
import { jsonRequest, type Receiver, shortened } from './receiver.ts';

export const pagerDuty = (baseUrl: string, routingKey: string): Receiver => ({
  name: 'pagerduty',
  severities: ['page'],
  forgets: false,
  request: (message) =>
    message.kind === 'resolved' && message.othersOpen
      ? undefined
      : jsonRequest(`${baseUrl}/v2/enqueue`, eventOf(message, routingKey)),
});

function eventOf(message: AlertMessage, routingKey: string) {
  const about = { routing_key: routingKey, dedup_key: shortened(message.groupId, 255) };
  if (message.kind === 'resolved') return { ...about, event_action: 'resolve' };
  return {
    ...about,
    event_action: 'trigger',
    payload: {
      summary: shortened(message.headline, 1024),
      source: 'callscope',
      severity: 'critical',
      timestamp: new Date(message.sinceMs).toISOString(),
      component: message.slo,
      group: message.owner,
      class: message.title,
      custom_details: { details: message.details, runbook: message.runbook, factor: message.factor },
    },
    links: message.links.map(({ title, url }) => ({ href: url, text: title })),
  };
}
