/**
 * Links into the inspector: each signs in once, as an administrator, and is good for a day. Printed at start and by
 * the demo; for another one to what runs on this machine: `npm run inspector-link [-- --role support] [-- --tenant ID]`.
 *
 * The secret stands in the fragment, which browsers do not send: no log on the way holds it.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { signToken } from '../telemetry/tokens.ts';
import { httpUrl, secured } from './own-urls.ts';
import { readSettings, type Settings } from './settings.ts';

const ttlSeconds = 24 * 3600;

export async function inspectorLink(options: {
  readonly url: string;
  readonly view: string;
  readonly tenantId: string;
  readonly secret: string;
  /** @default admin */
  readonly role?: 'support' | 'admin';
}): Promise<string> {
  const { url, view, tenantId, secret, role = 'admin' } = options;
  const claims = { tenantId, role, linkId: randomUUID() };
  return `${url}${view}#sign-in=${await signToken('inspectorLink', claims, { secret, ttlSeconds })}`;
}

export const inspectorUrl = (settings: Settings, port: number): string =>
  secured(httpUrl(settings.CALLSCOPE_INSPECTOR_HOST, port), settings);

/** The secret of what was started here, or the one that is set. */
function tokenSecret(settings: Settings): string {
  if (settings.CALLSCOPE_TOKEN_SECRET) return settings.CALLSCOPE_TOKEN_SECRET;
  const file = path.resolve(import.meta.dirname, '..', settings.CALLSCOPE_DATA_DIR, 'secrets.json');
  if (!existsSync(file)) {
    throw new Error(
      `there is no ${file}: run npm start once, or set CALLSCOPE_DATA_DIR or CALLSCOPE_TOKEN_SECRET`,
    );
  }
  return z.object({ token: z.string() }).parse(JSON.parse(readFileSync(file, 'utf8'))).token;
}

if (import.meta.main) {
  try {
    const { values } = parseArgs({
      options: {
        role: { type: 'string', default: 'admin' },
        tenant: { type: 'string', default: 'default' },
        view: { type: 'string', default: '/' },
      },
    });
    const role = z.enum(['support', 'admin']).parse(values.role);
    const settings = readSettings();
    const url = inspectorUrl(settings, settings.CALLSCOPE_INSPECTOR_PORT);
    const secret = tokenSecret(settings);
    console.log(await inspectorLink({ url, view: values.view, tenantId: values.tenant, role, secret }));
  } catch (error) {
    console.error(`inspector-link: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
