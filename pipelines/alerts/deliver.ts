/**
 * The `deliver` job: sends one receiver what it has not taken yet, in order, and notes what came of it. It stops at
 * the first failure and fails, so that the queue tries again, ever more slowly; what is not sent stays in the store,
 * and the tick finds it there, whatever becomes of the queue.
 */

import type { Receiver } from '../../alerts/delivery/receiver.ts';
import { DeliveryError, send } from '../../alerts/delivery/send.ts';
import { messageSchema } from '../../alerts/message.ts';
import type { AlertNoticeRow } from '../../telemetry/alerts.ts';
import { deliverJobSchema } from '../../telemetry/queues.ts';
import type { Logger } from '../../telemetry/service/service.ts';
import { PipelinesError } from '../errors.ts';
import { readSql, type Store } from '../store/store.ts';

const noticesSql = readSql('alert-notices.sql');

export interface DeliverContext {
  readonly store: Store;
  readonly receivers: readonly Receiver[];
  readonly log: Logger;
  readonly now: () => number;
}

export const deliverKey = (data: unknown): string => deliverJobSchema.safeParse(data).data?.receiver ?? '';

/** @throws PipelinesError; DeliveryError when the receiver did not take one */
export async function deliver(data: unknown, { store, receivers, log, now }: DeliverContext): Promise<void> {
  const parsed = deliverJobSchema.safeParse(data);
  if (!parsed.success) throw new PipelinesError('bad_job', `deliver job: ${parsed.error.message}`);
  const receiver = receivers.find(({ name }) => name === parsed.data.receiver);
  // No longer among the settings: its notices wait until it is again, or their time is over.
  if (!receiver) return;
  const waiting = await store.query<AlertNoticeRow>(noticesSql, { receiver: receiver.name });
  for (const notice of waiting) {
    const about = { receiver: receiver.name, noticeId: notice.notice_id };
    const note = (what: Partial<AlertNoticeRow>) =>
      store.insert('alert_notice', [
        { ...notice, attempts: notice.attempts + 1, revision: notice.revision + 1, ...what },
      ]);
    const message = messageSchema.safeParse(JSON.parse(notice.message));
    // Written by another build: nothing that sending again would mend.
    if (!message.success) {
      log.error({ ...about, err: message.error }, 'a notice is not of this build; left out');
      await note({ sent_at: now(), last_error: 'not of this build' });
      continue;
    }
    const request = receiver.request(message.data, now());
    try {
      if (request) await send(request);
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error;
      await note({ last_error: error.message });
      throw error;
    }
    await note({ sent_at: now(), last_error: '' });
    log.info({ ...about, attempts: notice.attempts + 1 }, request ? 'told' : 'need not be told');
  }
}
