/** A request of the OTLP receiver's, whoever has read it from the socket. */
import type { Sender } from '../enrich/sender.ts';
import type { Signal } from '../otlp/answer.ts';

export interface Posted {
  readonly signal: Signal;
  /** A page asks before it posts: `OPTIONS`. */
  readonly method: 'POST' | 'OPTIONS';
  readonly sender: Sender;
  /** @throws CollectorError `body_too_large`, or SenderGone */
  body(): Promise<Buffer> | Buffer;
  /** Once. Nothing happens where the sender is gone. */
  answer(status: number, headers: Readonly<Record<string, string>>, body: Buffer): void;
}

export const signals = ['logs', 'traces', 'metrics'] as const satisfies readonly Signal[];
