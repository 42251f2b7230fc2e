import { describe, expect, test } from 'vitest';
import { alertmanager } from '../../../alerts/delivery/alertmanager.ts';
import { pagerDuty } from '../../../alerts/delivery/pagerduty.ts';
import { slack } from '../../../alerts/delivery/slack.ts';
import { webhook } from '../../../alerts/delivery/webhook.ts';
import { messageSchema } from '../../../alerts/message.ts';
import { receiversOf } from '../../../alerts/settings.ts';
import { isSigned, sign } from '../../../telemetry/service/signature.ts';
import { message } from '../support/message.ts';

const now = 1_700_000_000_000;
const body = (request: { body: string } | undefined) => JSON.parse(request!.body);

describe('Alertmanager', () => {
  const receiver = alertmanager('http://am:9093');
  test('an open alert ends some minutes from now, so that it lasts while it is repeated', () => {
    const [alert] = body(receiver.request(message(), now));
    expect(Date.parse(alert.endsAt)).toBeGreaterThan(now + 5 * 60_000);
    expect(alert.labels).toMatchObject({ alertname: 'Join success', incident: 'group-1', severity: 'page' });
    expect(alert.annotations.summary).toMatch(/41 of 300/);
  });
  test('one that is over has the same labels and an end', () => {
    const [open] = body(receiver.request(message(), now));
    const [over] = body(receiver.request(message({ kind: 'resolved', endedMs: now - 1 }), now));
    expect(over.labels).toEqual(open.labels);
    expect(Date.parse(over.endsAt)).toBe(now - 1);
  });
});

describe('PagerDuty', () => {
  const receiver = pagerDuty('https://pd', 'key');
  test('the incident is the deduplication key', () => {
    const one = body(receiver.request(message(), now));
    const other = body(receiver.request(message({ alertId: 'alert-2', noticeId: 'alert-2-firing' }), now));
    expect(other.dedup_key).toBe(one.dedup_key);
    expect(one).toMatchObject({
      routing_key: 'key',
      event_action: 'trigger',
      payload: { severity: 'critical' },
    });
    expect(one.payload.summary.length).toBeLessThanOrEqual(1024);
  });
  test('it is resolved with its last alert, not before', () => {
    expect(receiver.request(message({ kind: 'resolved', othersOpen: true }), now)).toBeUndefined();
    expect(body(receiver.request(message({ kind: 'resolved' }), now)).event_action).toBe('resolve');
  });
});

test('Slack: nothing that a client said mentions a channel, and links are links', () => {
  const { text } = body(slack('https://hook').request(message({ headline: 'x <!channel> & y' }), now));
  expect(text).toContain('x &lt;!channel&gt; &amp; y');
  expect(text).toContain('<http://inspector/calls/c1|Worst call 1>');
});

describe('a webhook', () => {
  const secret = 'a secret of some length';
  const request = webhook('http://hook', secret).request(message(), now)!;
  const signature = request.headers['callscope-signature']!;
  test('is signed over time and body', () => {
    expect(isSigned(request.body, signature, secret, now)).toBe(true);
    expect(isSigned(`${request.body} `, signature, secret, now)).toBe(false);
    expect(isSigned(request.body, signature, 'another secret, as long', now)).toBe(false);
    expect(isSigned(request.body, 'nonsense', secret, now)).toBe(false);
  });
  test('is refused when it is old', () => {
    expect(isSigned(request.body, sign(request.body, secret, now - 400_000), secret, now)).toBe(false);
  });
  test('carries the whole message', () => {
    expect(messageSchema.parse(JSON.parse(request.body))).toEqual(message());
  });
});

test('without a secret nothing is sent to a webhook', () => {
  const settings = { CALLSCOPE_ALERT_PAGERDUTY_URL: 'x', CALLSCOPE_ALERT_WEBHOOK_URL: 'http://hook' };
  expect(() => receiversOf(settings)).toThrow(/CALLSCOPE_ALERT_WEBHOOK_SECRET/);
});
