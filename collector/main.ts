/** The collector: OTLP in, typed ClickHouse tables out. */
import path from 'node:path';
import { createClient } from '@clickhouse/client';
import { readConfig } from '../telemetry/service/config.ts';
import { runService } from '../telemetry/service/service.ts';
import { collectorConfig } from './config.ts';
import { networkFacts } from './enrich/network.ts';
import { enricher } from './enrich/sender.ts';
import { startGrpc } from './grpc/server.ts';
import { authoriser } from './http/authorise.ts';
import { cors } from './http/cors.ts';
import { buildServer } from './http/server.ts';
import { Intake } from './intake.ts';
import { CollectorMetrics } from './metrics.ts';
import { redaction } from './rows/redaction.ts';
import { SchemaKeeper } from './schema/keeper.ts';
import { tellSelf } from './self.ts';
import { clickhouseInsert } from './store/insert.ts';
import { Spool } from './store/spool.ts';
import { Store } from './store/store.ts';

await runService('collector', async (log) => {
  const config = readConfig(collectorConfig);
  const clickhouse = createClient({ url: config.CALLSCOPE_CLICKHOUSE_URL, log: { level: 127 } });
  const schema = new SchemaKeeper(clickhouse, config.CALLSCOPE_CLICKHOUSE_URL, log, {
    cluster: config.CALLSCOPE_CLICKHOUSE_CLUSTER,
    retention: config.CALLSCOPE_RETENTION,
  });
  const metrics = new CollectorMetrics();
  const directory = config.CALLSCOPE_SPOOL_DIR;
  const spoolMaxBytes = config.CALLSCOPE_SPOOL_MAX_MB * 2 ** 20;
  metrics.spoolMaxBytes.value = spoolMaxBytes;
  const spool = await Spool.open({
    directory,
    maxBytes: spoolMaxBytes,
    onBroken(reason) {
      log.fatal({ reason }, 'the spool cannot be made safe: starting anew');
      process.exit(1);
    },
  });
  const store = new Store({
    spool,
    insert: clickhouseInsert(clickhouse),
    refusedDirectory: path.join(directory, 'refused'),
    metrics,
    log,
    redaction: redaction(config.CALLSCOPE_REDACTED_ATTRIBUTES),
  });
  const parts = {
    authorise: authoriser({
      tokenSecret: config.CALLSCOPE_TOKEN_SECRET,
      serverKey: config.CALLSCOPE_SERVER_KEY,
      tenantKeys: config.CALLSCOPE_TENANT_KEYS,
    }),
    store,
    metrics,
    log,
    notReady: () => schema.reason,
    now: Date.now,
    quotas: {
      participantRecordsPerSecond: config.CALLSCOPE_PARTICIPANT_RECORDS_PER_SECOND,
      tenantRecordsPerSecond: config.CALLSCOPE_TENANT_RECORDS_PER_SECOND,
    },
  };
  const enrich = enricher({
    networkFacts: await networkFacts(config.CALLSCOPE_GEOIP_FILES),
    secret: config.CALLSCOPE_TOKEN_SECRET,
    trustedProxies: config.CALLSCOPE_TRUSTED_PROXIES,
  });
  const intake = new Intake(parts);
  const server = buildServer({
    ...parts,
    intake,
    enrich,
    cors: cors(config.CALLSCOPE_ALLOWED_ORIGINS),
  });
  const prepared = schema.run().then(() => {
    if (schema.reason === undefined) store.start();
  });
  const address = await server.listen({
    host: config.CALLSCOPE_COLLECTOR_HOST,
    port: config.CALLSCOPE_COLLECTOR_PORT,
  });
  const stopTelling = tellSelf({
    url: address,
    serverKey: config.CALLSCOPE_SERVER_KEY,
    metrics,
    log,
  });
  const grpcPort = config.CALLSCOPE_COLLECTOR_GRPC_PORT;
  const grpc =
    grpcPort === undefined
      ? undefined
      : await startGrpc({ intake, enrich, log }, config.CALLSCOPE_COLLECTOR_HOST, grpcPort);
  return {
    info: { address, ...(grpc && { grpc: grpc.address }) },
    async stop() {
      schema.stop();
      stopTelling();
      const closed = Promise.all([server.close(), grpc?.close()]);
      await store.drain();
      await Promise.all([closed, prepared]);
      await spool.close();
      await clickhouse.close();
    },
  };
});
