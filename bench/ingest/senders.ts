/** Sends requests to the collector as participants do: each with a token of its own. */
import http from 'node:http';
import { signToken } from '../../telemetry/tokens.ts';
import { tokenSecret } from './rig.ts';

export interface Participant {
  readonly token: string;
  readonly callId: string;
}

export function participants(count: number): Promise<Participant[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const callId = `call-${Math.floor(n / 8)}`;
      const claims = {
        tenantId: 'acme',
        roomId: `room-${n % 50}`,
        callId,
        participantId: `participant-${n}`,
      };
      return {
        callId,
        token: await signToken('telemetry', claims, { secret: tokenSecret, ttlSeconds: 7_200 }),
      };
    }),
  );
}

export class Sender {
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /** @returns the status, 0 where there was no answer */
  post(body: Buffer, headers: http.OutgoingHttpHeaders): Promise<number> {
    return new Promise((resolve) => {
      const request = http.request(
        {
          agent: this.#agent,
          host: '127.0.0.1',
          port: this.#port,
          path: '/v1/logs',
          method: 'POST',
          headers: { 'content-type': 'application/x-protobuf', 'content-length': body.length, ...headers },
        },
        (answer) => {
          answer.resume();
          answer.on('end', () => resolve(answer.statusCode ?? 0)).on('error', () => resolve(0));
        },
      );
      request.setTimeout(20_000, () => request.destroy());
      request.on('error', () => resolve(0)).end(body);
    });
  }

  logs(body: Buffer, { token }: Participant): Promise<number> {
    return this.post(body, { authorization: `Bearer ${token}`, 'content-encoding': 'gzip' });
  }

  close(): void {
    this.#agent.destroy();
  }
}
