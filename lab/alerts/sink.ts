/** Takes what people would be told: Alertmanager's notifications and events for PagerDuty. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

const notification = z.object({
  status: z.enum(['firing', 'resolved']),
  groupLabels: z.object({ incident: z.string() }),
  alerts: z.array(
    z.object({ labels: z.record(z.string(), z.string()), annotations: z.object({ summary: z.string() }) }),
  ),
});
const pagerEvent = z.object({ event_action: z.enum(['trigger', 'resolve']), dedup_key: z.string() });

export interface Sink {
  readonly url: string;
  readonly notifications: z.infer<typeof notification>[];
  readonly pagerEvents: z.infer<typeof pagerEvent>[];
  clear(): void;
  close(): Promise<void>;
}

export async function openSink(): Promise<Sink> {
  const notifications: z.infer<typeof notification>[] = [];
  const pagerEvents: z.infer<typeof pagerEvent>[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body: unknown = JSON.parse(Buffer.concat(parts).toString());
      if (request.url === '/v2/enqueue') pagerEvents.push(pagerEvent.parse(body));
      else notifications.push(notification.parse(body));
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    notifications,
    pagerEvents,
    clear() {
      notifications.length = 0;
      pagerEvents.length = 0;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
