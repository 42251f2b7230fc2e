/** Whether a service lives and is ready, and its figures. */
import fastify, { type FastifyInstance } from 'fastify';

export interface Health {
  /** What is missing; empty when it is ready. */
  readonly lacking: () => string[] | Promise<string[]>;
  /** What is behind and does not stop it from working. */
  readonly state: () => object | Promise<object>;
}

export function healthServer({ lacking, state }: Health): FastifyInstance {
  const server = fastify({ logger: false, forceCloseConnections: true });
  server.get('/healthz', () => ({ status: 'ok' }));
  server.get('/readyz', async (_request, reply) => {
    const reasons = await lacking();
    reply.code(reasons.length === 0 ? 200 : 503);
    return { ready: reasons.length === 0, reasons, ...(await state()) };
  });
  return server;
}
