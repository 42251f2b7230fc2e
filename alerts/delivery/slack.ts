/** An incoming webhook of Slack, or of anything that takes the same (Mattermost, Rocket.Chat, Discord's /slack). */
import type { AlertMessage } from '../message.ts';
import { jsonRequest, type Receiver, shortened } from './receiver.ts';

/** What their text field takes at least. */
const longest = 3_000;

export const slack = (url: string): Receiver => ({
  name: 'slack',
  severities: ['page', 'ticket'],
  forgets: false,
  request: (message) => jsonRequest(url, { text: shortened(textOf(message), longest) }),
});

function textOf(message: AlertMessage): string {
  const mark =
    message.kind === 'resolved'
      ? ':white_check_mark:'
      : message.severity === 'page'
        ? ':rotating_light:'
        : ':warning:';
  const part = message.groupId === message.alertId ? '' : `\nPart of incident ${escaped(message.groupId)}.`;
  const links = message.links.map(({ title, url }) => `<${url}|${escaped(title)}>`).join(' · ');
  if (message.kind === 'resolved') return `${mark} ${escaped(message.headline)}`;
  return [
    `${mark} *${escaped(message.headline)}*${part}`,
    ...message.details.map(escaped),
    ...(links ? [links] : []),
    `Runbook: ${escaped(message.runbook)}`,
  ].join('\n');
}

/** Slack's control characters; what a client said must not mention a channel. */
const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
