/** Starts one embedded part and says so in a line of JSON; the test then kills this process. */
import { startClickHouse } from '../../../runtime/embedded/clickhouse.ts';
import { startRedis } from '../../../runtime/embedded/redis.ts';

const [part, dataDir = ''] = process.argv.slice(2);
const start = {
  clickhouse: () => startClickHouse({ dataDir }),
  redis: () => startRedis({ dataDir }),
}[part ?? ''];
if (!start) throw new Error(`no such part: ${part}`);
const { pid } = await start();
process.stdout.write(`${JSON.stringify({ pid })}\n`);
setInterval(() => {}, 1000);
