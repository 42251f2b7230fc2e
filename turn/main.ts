/** One relay as a service of its own: coturn and its agent, in a container or on a host. See relay/Relay.ts. */
import { timingSafeEqual } from 'node:crypto';
import path from 'node:path';
import fastify from 'fastify';
import { readConfig } from '../telemetry/service/config.ts';
import { runService } from '../telemetry/service/service.ts';
import { relayConfig, relaySettings } from './config.ts';
import { Relay } from './relay/Relay.ts';

await runService('turn', async (log) => {
  const config = readConfig(relayConfig);
  const { certificate, ...settings } = relaySettings(config);
  const relay = await Relay.start({
    ...settings,
    relayId: config.CALLSCOPE_RELAY_ID,
    port: config.CALLSCOPE_TURN_PORT,
    tls: certificate && { port: config.CALLSCOPE_TURN_TLS_PORT, ...certificate },
    dataDir: path.resolve(config.CALLSCOPE_TURN_DATA_DIR),
    log,
  });
  const server = fastify({ logger: false });
  server.get('/healthz', () => ({ status: 'ok' }));
  server.get('/readyz', (_request, reply) => {
    const { healthy, state } = relay.heartbeat();
    return reply.code(healthy ? 200 : 503).send({ healthy, state });
  });
  server.post('/drain', async (request, reply) => {
    const key = config.CALLSCOPE_SERVER_KEY;
    if (!key || !bearerIs(request.headers.authorization, key)) {
      log.warn({ from: request.ip }, 'drain refused: without the server key');
      return reply.code(403).send({ code: 'forbidden', message: 'Send the server key as a bearer token.' });
    }
    await relay.drain();
    const { allocations } = relay.heartbeat();
    return { state: 'draining', allocations };
  });
  const address = await server.listen({
    host: config.CALLSCOPE_RELAY_HTTP_HOST,
    port: config.CALLSCOPE_RELAY_HTTP_PORT,
  });
  return {
    info: { address, relayId: relay.relayId, urls: relay.urls },
    async stop() {
      await Promise.all([server.close(), relay.stop()]);
    },
  };
});

function bearerIs(header: string | undefined, key: string): boolean {
  const wanted = Buffer.from(`Bearer ${key}`);
  const given = Buffer.from(header ?? '');
  return wanted.length === given.length && timingSafeEqual(wanted, given);
}
