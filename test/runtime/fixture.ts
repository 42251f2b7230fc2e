/** The fixture service as the stack is told of it. */
import path from 'node:path';
import type { ServiceSpec } from '../../runtime/services.ts';

export const fixture = (port: number, env: Record<string, string> = {}): ServiceSpec => ({
  name: 'fixture',
  script: path.join(import.meta.dirname, 'fixture-service.ts'),
  host: '127.0.0.1',
  port,
  env: { FIXTURE_PORT: String(port), ...env },
});
