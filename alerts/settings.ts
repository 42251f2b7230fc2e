/** Settings of alerting, for the pipelines and for `npm run alerts`: who is told, and where links lead. */
import { z } from 'zod';
import { setting } from '../telemetry/service/config.ts';
import { alertmanager } from './delivery/alertmanager.ts';
import { pagerDuty } from './delivery/pagerduty.ts';
import type { Receiver } from './delivery/receiver.ts';
import { slack } from './delivery/slack.ts';
import { webhook } from './delivery/webhook.ts';
import type { LinkBases } from './message.ts';

const baseUrl = () => setting.httpUrl().transform((url) => url.replace(/\/+$/, ''));

export const alertSettings = {
  CALLSCOPE_ALERTMANAGER_URL: baseUrl().optional(),
  CALLSCOPE_ALERT_SLACK_URL: setting.httpUrl().optional(),
  CALLSCOPE_ALERT_PAGERDUTY_KEY: setting.text().optional(),
  CALLSCOPE_ALERT_PAGERDUTY_URL: baseUrl().default('https://events.pagerduty.com'),
  CALLSCOPE_ALERT_WEBHOOK_URL: setting.httpUrl().optional(),
  CALLSCOPE_ALERT_WEBHOOK_SECRET: setting.secret().optional(),
  /** Bases of the links in alerts; without one there are no such links. */
  CALLSCOPE_DASHBOARDS_URL: baseUrl().optional(),
  CALLSCOPE_INSPECTOR_URL: baseUrl().optional(),
  CALLSCOPE_RUNBOOKS_URL: baseUrl().optional(),
} as const;

const schema = z.object(alertSettings);
export type AlertSettings = z.infer<typeof schema>;

/** @throws Error when a webhook has no secret to sign with */
export function receiversOf(settings: AlertSettings): Receiver[] {
  const { CALLSCOPE_ALERT_WEBHOOK_URL: webhookUrl, CALLSCOPE_ALERT_WEBHOOK_SECRET: secret } = settings;
  if (webhookUrl && !secret)
    throw new Error(
      'CALLSCOPE_ALERT_WEBHOOK_SECRET is not set: needed to sign what goes to CALLSCOPE_ALERT_WEBHOOK_URL',
    );
  return [
    ...(settings.CALLSCOPE_ALERTMANAGER_URL ? [alertmanager(settings.CALLSCOPE_ALERTMANAGER_URL)] : []),
    ...(settings.CALLSCOPE_ALERT_SLACK_URL ? [slack(settings.CALLSCOPE_ALERT_SLACK_URL)] : []),
    ...(settings.CALLSCOPE_ALERT_PAGERDUTY_KEY
      ? [pagerDuty(settings.CALLSCOPE_ALERT_PAGERDUTY_URL, settings.CALLSCOPE_ALERT_PAGERDUTY_KEY)]
      : []),
    ...(webhookUrl && secret ? [webhook(webhookUrl, secret)] : []),
  ];
}

export const linkBasesOf = (settings: AlertSettings): LinkBases => ({
  dashboards: settings.CALLSCOPE_DASHBOARDS_URL,
  inspector: settings.CALLSCOPE_INSPECTOR_URL,
  runbooks: settings.CALLSCOPE_RUNBOOKS_URL,
});
