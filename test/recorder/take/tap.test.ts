import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { openTap } from '../../../recorder/take/tap.ts';
import type { TapEvent } from '../../../telemetry/recording.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function tapOn(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const told: TapEvent[] = [];
  let closed = 0;
  const tap = await openTap({
    job: { callId: 'call', sfuUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    recorderId: 'recorder-1',
    secret: 'a secret',
    onEvent: (event) => told.push(event),
    onClosed: () => {
      closed += 1;
    },
  });
  return { tap, told, closed: () => closed };
}

const open = '{"type":"open","tapId":"t"}\n';
const gone = '{"type":"gone","producerId":"p"}\n';

test('a media node that dies ends the tap, once, and nothing else', async () => {
  const { tap, told, closed } = await tapOn((_, response) => {
    response.write(open);
    response.write(`${gone}{"type":"of a newer node"}\n${gone.slice(0, 9)}`);
    setTimeout(() => response.write(gone.slice(9)), 20);
    setTimeout(() => response.socket?.resetAndDestroy(), 60);
  });
  expect(tap).not.toBeNull();
  await expect.poll(closed).toBe(1);
  expect(told).toEqual([JSON.parse(gone), JSON.parse(gone)]);
  tap?.close();
  expect(closed()).toBe(1);
});

test.each([404, 409, 410])('%s: there is nothing to record', async (status) => {
  const { tap } = await tapOn((_, response) => response.writeHead(status).end());
  expect(tap).toBeNull();
});

test('another answer is told with what the node said', async () => {
  await expect(tapOn((_, response) => response.writeHead(401).end('wrong secret'))).rejects.toMatchObject({
    code: 'node_refused',
    message: expect.stringContaining('wrong secret'),
  });
});
