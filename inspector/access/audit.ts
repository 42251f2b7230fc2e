/** Who did what with whose calls. A deed that cannot be written down is not done: `record` comes first. */
import type { Store } from '../store/store.ts';
import type { Actor } from './actor.ts';

export type Deed =
  | 'sign_in'
  | 'sign_out'
  | 'open_call'
  | 'export_call'
  | 'erase_call'
  | 'erase_participant'
  | 'judge_recording'
  | 'make_key'
  | 'revoke_key'
  | 'make_webhook'
  | 'remove_webhook';

export interface AuditEntry {
  readonly time: number;
  readonly actor: string;
  readonly role: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: string;
}

export interface Audit {
  record(actor: Actor, action: Deed, subject: string, detail?: string): Promise<void>;
  /** Newest first. */
  read(tenantId: string, offset: number, most: number): Promise<AuditEntry[]>;
}

export function openAudit(store: Store, now: () => number): Audit {
  return {
    record: (actor, action, subject, detail = '') =>
      store.insert('inspector_audit', [
        {
          tenant_id: actor.tenantId,
          time: now(),
          actor: actor.name,
          role: actor.role,
          action,
          subject,
          detail,
        },
      ]),
    read: (tenantId, offset, most) =>
      store.query<AuditEntry>(
        `SELECT toUnixTimestamp64Milli(a.time) AS time, actor, role, action, subject, detail
         FROM inspector_audit AS a WHERE tenant_id = {tenant:String}
         ORDER BY a.time DESC LIMIT {most:UInt32} OFFSET {offset:UInt32}`,
        { tenant: tenantId, offset, most },
      ),
  };
}
