/** The inspector: the web page and API that tell why a call was bad. */
import { ConfigError, readConfig } from '../telemetry/service/config.ts';
import { runService } from '../telemetry/service/service.ts';
import { openAudit } from './access/audit.ts';
import { openKeys } from './access/keys.ts';
import { openOidc } from './access/oidc.ts';
import { openSessions } from './access/sessions.ts';
import { openWebhooks } from './access/webhooks.ts';
import { inspectorConfig, isLoopback, oidcSettings } from './config.ts';
import { buildServer } from './http/server.ts';
import { openImports } from './imports/imports.ts';
import { Store } from './store/store.ts';

await runService('inspector', async (log) => {
  const config = readConfig(inspectorConfig);
  const { CALLSCOPE_TLS_CERT: cert, CALLSCOPE_TLS_KEY: key } = config;
  if (!isLoopback(config.CALLSCOPE_INSPECTOR_HOST) && !(cert && key)) {
    throw new ConfigError(
      'CALLSCOPE_INSPECTOR_HOST is not loopback: set CALLSCOPE_TLS_CERT and CALLSCOPE_TLS_KEY too',
    );
  }
  const provider = oidcSettings(config);
  const now = Date.now;
  const store = new Store(config.CALLSCOPE_CLICKHOUSE_URL);
  const audit = openAudit(store, now);
  const imports = openImports(now);
  const server = await buildServer({
    store,
    audit,
    imports,
    keys: openKeys(store, now),
    oidc: provider && openOidc(provider, config.CALLSCOPE_TOKEN_SECRET),
    webhooks: openWebhooks(store, config.CALLSCOPE_TOKEN_SECRET, now),
    sessions: openSessions({ secret: config.CALLSCOPE_TOKEN_SECRET, store, audit }),
    names: config.CALLSCOPE_INSPECTOR_NAMES,
    log,
    now,
    tls: cert && key ? { cert, key } : undefined,
    pageDir: config.CALLSCOPE_INSPECTOR_PAGE_DIR,
    maxImportBytes: config.CALLSCOPE_INSPECTOR_IMPORT_MB * 2 ** 20,
  });
  const address = await server.listen({
    host: config.CALLSCOPE_INSPECTOR_HOST,
    port: config.CALLSCOPE_INSPECTOR_PORT,
  });
  return {
    info: { address },
    async stop() {
      await server.close();
      await Promise.all([imports.close(), store.close()]);
    },
  };
});
