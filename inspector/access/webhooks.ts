/** Webhooks of a tenant: whom to tell of calls that ended and of incidents. The pipelines tell them. */
import { randomBytes } from 'node:crypto';
import { type WebhookEvent, webhookSecret } from '../../telemetry/webhooks.ts';
import type { WebhookInfo } from '../contract.ts';
import { InspectorError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { Actor } from './actor.ts';

/** More would be a mistake, and each costs as many requests as there are calls. */
const mostHooks = 10;

export interface Webhooks {
  list(tenantId: string): Promise<WebhookInfo[]>;
  /** The secret is told here, and can be made again by nobody but the deployment. @throws InspectorError `too_many_webhooks` */
  make(
    actor: Actor,
    url: string,
    events: readonly WebhookEvent[],
  ): Promise<{ hookId: string; secret: string }>;
  /** @throws InspectorError `not_found` */
  remove(actor: Actor, hookId: string): Promise<void>;
}

interface HookRow {
  readonly hook_id: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly created_at: number;
  readonly created_by: string;
  readonly revision: number;
}

const standingSql = `SELECT hook_id, url, events, toUnixTimestamp64Milli(h.created_at) AS created_at, created_by, revision
  FROM webhook AS h FINAL WHERE tenant_id = {tenant:String} AND isNull(h.removed_at) ORDER BY h.created_at`;
const toldSql = `SELECT
    hook_id AS hookId, countIf(isNotNull(n.sent_at)) AS told, countIf(isNull(n.sent_at)) AS waiting,
    toUnixTimestamp64Milli(max(n.sent_at)) AS lastToldAt, argMaxIf(last_error, revision, last_error != '') AS lastError
  FROM webhook_notice AS n FINAL WHERE tenant_id = {tenant:String} GROUP BY hook_id`;

export function openWebhooks(store: Store, secret: string, now: () => number): Webhooks {
  const standing = (tenantId: string) => store.query<HookRow>(standingSql, { tenant: tenantId });
  const write = (tenantId: string, row: HookRow, removedAt: number | null) =>
    store.insert('webhook', [
      { ...row, tenant_id: tenantId, removed_at: removedAt, revision: row.revision + 1 },
    ]);
  return {
    async list(tenantId) {
      const [hooks, told] = await Promise.all([
        standing(tenantId),
        store.query<Pick<WebhookInfo, 'told' | 'waiting' | 'lastToldAt' | 'lastError'> & { hookId: string }>(
          toldSql,
          { tenant: tenantId },
        ),
      ]);
      const none = { told: 0, waiting: 0, lastToldAt: null, lastError: '' };
      return hooks.map((hook) => ({
        hookId: hook.hook_id,
        url: hook.url,
        events: hook.events,
        createdAt: hook.created_at,
        createdBy: hook.created_by,
        ...none,
        ...told.find(({ hookId }) => hookId === hook.hook_id),
      }));
    },
    async make(actor, url, events) {
      if ((await standing(actor.tenantId)).length >= mostHooks) {
        throw new InspectorError('too_many_webhooks', `There are ${mostHooks}.`);
      }
      const hookId = randomBytes(8).toString('hex');
      const row = {
        hook_id: hookId,
        url,
        events,
        created_at: now(),
        created_by: actor.name,
        revision: 0,
      };
      await write(actor.tenantId, row, null);
      return { hookId, secret: webhookSecret(secret, hookId) };
    },
    async remove(actor, hookId) {
      const found = (await standing(actor.tenantId)).find(({ hook_id }) => hook_id === hookId);
      if (!found) throw new InspectorError('not_found', 'There is no such webhook.');
      await write(actor.tenantId, found, now());
    },
  };
}
