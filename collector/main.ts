/** The collector: OTLP/HTTP in, typed ClickHouse tables out. */
import { createClient } from '@clickhouse/client';
import { readConfig } from '../telemetry/service/config.ts';
import { runService } from '../telemetry/service/service.ts';
import { collectorConfig } from './config.ts';
import { authoriser } from './http/authorise.ts';
import { cors } from './http/cors.ts';
import { buildServer } from './http/server.ts';
import { CollectorMetrics } from './metrics.ts';
import { SchemaKeeper } from './schema/keeper.ts';
import { clickhouseInsert } from './store/insert.ts';
import { RowBuffer } from './store/row-buffer.ts';

await runService('collector', async (log) => {
  const config = readConfig(collectorConfig);
  const clickhouse = createClient({ url: config.CALLSCOPE_CLICKHOUSE_URL, log: { level: 127 } });
  const schema = new SchemaKeeper(clickhouse, config.CALLSCOPE_CLICKHOUSE_URL, log);
  const metrics = new CollectorMetrics();
  const buffer = new RowBuffer(clickhouseInsert(clickhouse), metrics, log);
  const server = buildServer({
    authorise: authoriser({
      tokenSecret: config.CALLSCOPE_TOKEN_SECRET,
      serverKey: config.CALLSCOPE_SERVER_KEY,
    }),
    cors: cors(config.CALLSCOPE_ALLOWED_ORIGINS),
    buffer,
    metrics,
    log,
    notReady: () => schema.reason,
    now: Date.now,
  });
  const prepared = schema.run();
  const address = await server.listen({
    host: config.CALLSCOPE_COLLECTOR_HOST,
    port: config.CALLSCOPE_COLLECTOR_PORT,
  });
  return {
    info: { address },
    async stop() {
      schema.stop();
      const closed = server.close();
      await buffer.drain();
      await Promise.all([closed, prepared]);
      await clickhouse.close();
    },
  };
});
