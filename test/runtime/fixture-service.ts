/**
 * The smallest service: answers /readyz, says which process it is and what it was told, and can be told to fail.
 * FIXTURE_PORT where it listens; FIXTURE_FAULT=start makes it end at once with a complaint.
 */
import http from 'node:http';
import { runService } from '../../telemetry/service/service.ts';

await runService('fixture', async () => {
  if (process.env.FIXTURE_FAULT === 'start') throw new Error('the fixture was told to fail');
  const server = http.createServer((request, answer) => {
    if (request.url === '/readyz') answer.end('ok');
    else answer.end(JSON.stringify({ pid: process.pid, env: process.env }));
  });
  await new Promise<void>((resolve) => server.listen(Number(process.env.FIXTURE_PORT), '127.0.0.1', resolve));
  return {
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
});
