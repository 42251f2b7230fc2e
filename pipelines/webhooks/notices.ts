/**
 * What the hooks of tenants are to be told: calls that ended, incidents that opened or closed. Made from the store, again
 * and again, and written once: a notice is known by the event and what it is about. Pure but for `makeNotices`.
 */
import type { WebhookEvent, WebhookMessage } from '../../telemetry/webhooks.ts';
import { readSql, type Store } from '../store/store.ts';

/** So far back a look goes: what happens while the pipelines are away is told when they are back. */
const lookBackMs = 3_600_000;
/** Without samples for this long a call is over; its summary is written by then. */
export const callOverMs = 75_000;
/** What could not be told for so long is given up. */
export const givenUpMs = 24 * 3_600_000;

const hooksSql = readSql('webhooks.sql');
const callsSql = readSql('webhook-calls.sql');
const incidentsSql = readSql('webhook-incidents.sql');
const madeSql = readSql('webhook-made.sql');

export interface Hook {
  readonly tenant_id: string;
  readonly hook_id: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly created_at: number;
}

export interface NoticeRow {
  readonly tenant_id: string;
  readonly hook_id: string;
  readonly notice_id: string;
  readonly call_id: string;
  readonly made_at: number;
  readonly body: string;
  readonly sent_at: number | null;
  readonly attempts: number;
  readonly last_error: string;
  readonly revision: number;
}

export interface EndedCall {
  readonly tenant_id: string;
  readonly call_id: string;
  readonly room_id: string;
  readonly started_at: number;
  readonly last_seen_at: number;
  readonly participants: number;
  readonly audio_mos_worst_minute: number | null;
  readonly video_mos_worst_minute: number | null;
  readonly bad_window_ratio: number | null;
  readonly incidents: number;
  readonly decisions: number;
}

export interface Trouble {
  readonly tenant_id: string;
  readonly call_id: string;
  readonly incident_id: string;
  readonly kind: string;
  readonly hop: string;
  readonly participant_id: string;
  readonly affected: readonly string[];
  readonly severity: string;
  readonly confidence: number;
  readonly sentence: string;
  readonly started_at: number;
  readonly detected_at: number;
  readonly ended_at: number | null;
}

/** @param pageBase of the inspector, '' without one. @returns how many notices are new */
export async function makeNotices(store: Store, nowMs: number, pageBase: string): Promise<number> {
  const hooks = await store.query<Hook>(hooksSql, {});
  if (hooks.length === 0) return 0;
  const tenants = [...new Set(hooks.map((hook) => hook.tenant_id))];
  const since = nowMs - lookBackMs;
  const [calls, incidents, made] = await Promise.all([
    store.query<EndedCall>(callsSql, { tenants, since }),
    store.query<Trouble>(incidentsSql, { tenants, since }),
    store.query<{ hook_id: string; notice_id: string }>(madeSql, {
      hooks: hooks.map((hook) => hook.hook_id),
      since: since - givenUpMs,
    }),
  ]);
  const ended = calls.filter((c) => c.last_seen_at >= since && c.last_seen_at <= nowMs - callOverMs);
  const known = new Set(made.map((n) => `${n.hook_id} ${n.notice_id}`));
  const messages = [
    ...ended.map((c) => endedOf(c, pageBase)),
    ...incidents.flatMap((i) => troubleOf(i, pageBase)),
  ];
  const fresh = hooks.flatMap((hook) =>
    messages
      .filter((message) => concerns(hook, message, since))
      .filter((message) => !known.has(`${hook.hook_id} ${message.noticeId}`))
      .map((message) => noticeOf(hook, message, nowMs)),
  );
  await store.insert('webhook_notice', fresh);
  return fresh.length;
}

/** What happened before a hook was made was not asked for. */
export const concerns = (hook: Hook, message: WebhookMessage, sinceMs: number): boolean =>
  message.tenantId === hook.tenant_id &&
  hook.events.includes(message.event) &&
  message.at >= Math.max(sinceMs, hook.created_at);

const noticeOf = (hook: Hook, message: WebhookMessage, nowMs: number): NoticeRow => ({
  tenant_id: hook.tenant_id,
  hook_id: hook.hook_id,
  notice_id: message.noticeId,
  call_id: message.callId,
  made_at: nowMs,
  body: JSON.stringify(message),
  sent_at: null,
  attempts: 0,
  last_error: '',
  revision: 1,
});

const pageOf = (base: string, callId: string): string =>
  base === '' ? '' : `${base}/calls/${encodeURIComponent(callId)}`;

export const endedOf = (call: EndedCall, pageBase: string): WebhookMessage => ({
  noticeId: `call.ended ${call.call_id}`,
  event: 'call.ended',
  tenantId: call.tenant_id,
  at: call.last_seen_at,
  callId: call.call_id,
  page: pageOf(pageBase, call.call_id),
  call: {
    roomId: call.room_id,
    startedAt: call.started_at,
    endedAt: call.last_seen_at,
    participants: call.participants,
    audioMosWorstMinute: call.audio_mos_worst_minute,
    videoMosWorstMinute: call.video_mos_worst_minute,
    badWindowRatio: call.bad_window_ratio,
    incidents: call.incidents,
    decisions: call.decisions,
  },
});

export function troubleOf(trouble: Trouble, pageBase: string): WebhookMessage[] {
  const about = (event: WebhookEvent, at: number): WebhookMessage => ({
    noticeId: `${event} ${trouble.incident_id}`,
    event,
    tenantId: trouble.tenant_id,
    at,
    callId: trouble.call_id,
    page: pageOf(pageBase, trouble.call_id),
    incident: {
      incidentId: trouble.incident_id,
      kind: trouble.kind,
      hop: trouble.hop,
      participantId: trouble.participant_id,
      affected: trouble.affected,
      severity: trouble.severity,
      confidence: trouble.confidence,
      startedAt: trouble.started_at,
      endedAt: trouble.ended_at,
      sentence: trouble.sentence,
    },
  });
  return [
    about('incident.opened', trouble.detected_at),
    ...(trouble.ended_at === null
      ? []
      : [about('incident.closed', Math.max(trouble.ended_at, trouble.detected_at))]),
  ];
}
