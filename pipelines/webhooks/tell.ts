/**
 * The `webhook` job: tells one hook what it has not taken yet, in order, signed. It stops at the first failure and fails, so
 * that the queue tries again, ever more slowly; what is not sent stays in the store, and the tick finds it there.
 */
import { DeliveryError } from '../../alerts/delivery/send.ts';
import { webhookJobSchema } from '../../telemetry/queues.ts';
import type { Logger } from '../../telemetry/service/service.ts';
import { sign, signatureHeader } from '../../telemetry/service/signature.ts';
import { webhookNoticeHeader, webhookSecret } from '../../telemetry/webhooks.ts';
import { PipelinesError } from '../errors.ts';
import { readSql, type Store } from '../store/store.ts';
import { givenUpMs, type Hook, type NoticeRow } from './notices.ts';
import { post } from './post.ts';

const hooksSql = readSql('webhooks.sql');
const noticesSql = readSql('webhook-notices.sql');

export interface TellContext {
  readonly store: Store;
  /** Of the deployment. */
  readonly tokenSecret: string;
  readonly allowPrivate: boolean;
  readonly log: Logger;
  readonly now: () => number;
}

export const webhookKey = (data: unknown): string => webhookJobSchema.safeParse(data).data?.hookId ?? '';

/** @throws PipelinesError; DeliveryError when the hook did not take one */
export async function tellHook(data: unknown, context: TellContext): Promise<void> {
  const { store, tokenSecret, allowPrivate, log, now } = context;
  const parsed = webhookJobSchema.safeParse(data);
  if (!parsed.success) throw new PipelinesError('bad_job', `webhook job: ${parsed.error.message}`);
  const { hookId } = parsed.data;
  const hook = (await store.query<Hook>(hooksSql, {})).find(({ hook_id }) => hook_id === hookId);
  // Removed in the meantime: its notices wait until their time is over.
  if (!hook) return;
  const waiting = await store.query<NoticeRow>(noticesSql, { hook: hookId, since: now() - givenUpMs });
  for (const notice of waiting) {
    const note = (what: Partial<NoticeRow>) =>
      store.insert('webhook_notice', [
        { ...notice, attempts: notice.attempts + 1, revision: notice.revision + 1, ...what },
      ]);
    try {
      await post({
        url: hook.url,
        headers: {
          'content-type': 'application/json',
          [webhookNoticeHeader]: notice.notice_id,
          [signatureHeader]: sign(notice.body, webhookSecret(tokenSecret, hookId), now()),
        },
        body: notice.body,
        allowPrivate,
      });
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error;
      await note({ last_error: error.message });
      throw error;
    }
    await note({ sent_at: now(), last_error: '' });
    log.info({ hookId, noticeId: notice.notice_id, attempts: notice.attempts + 1 }, 'hook told');
  }
}
