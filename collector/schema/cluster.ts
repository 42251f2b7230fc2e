/**
 * The same migrations for a cluster. One switch (CALLSCOPE_CLICKHOUSE_CLUSTER) makes of every table `t` a table `t_local`
 * on each node and a `Distributed` table `t` over them, so that nobody who reads or writes `t` sees a difference. Views
 * are between the local tables. All that is about one call lies on one shard (`cityHash64(call_id)`): joins, views and
 * FINAL need no other shard.
 *
 * With Keeper the statements go to all nodes (ON CLUSTER) and local tables are replicated. Without it each node is
 * migrated by itself, and a shard is one node.
 */

export interface Cluster {
  /** As in the servers' `remote_servers`. */
  readonly name: string;
  /** Whether the servers have a Keeper: statements go ON CLUSTER, tables are replicated. */
  readonly keeper: boolean;
}

const table = String.raw`\{database:Identifier\}\.(\w+)`;
const create = new RegExp(String.raw`^CREATE TABLE IF NOT EXISTS ${table}(?= \()`);
const view = new RegExp(`^CREATE MATERIALIZED VIEW IF NOT EXISTS ${table}`);
const alter = new RegExp(`^ALTER TABLE ${table}`);
const names = new RegExp(table, 'g');
/** What is inserted here is kept elsewhere: such a table is the same on every node, and its views write to all shards. */
const keepsNothing = /\) ENGINE = Null$/;
const fromEntrance = /\nFROM \{database:Identifier\}\.otel_\w+\n/;

export const localName = (name: string): string => `${name}_local`;

/** What a statement says to reach every node, or ''. */
export const onCluster = (cluster: Cluster | undefined): string =>
  cluster?.keeper ? ` ON CLUSTER '${cluster.name}'` : '';

/**
 * @param database its name stands where ClickHouse takes no parameter
 * @returns the statements, in order, that do to the cluster what `statement` does to a single server
 */
export function forCluster(statement: string, cluster: Cluster, database: string): string[] {
  for (const name of [cluster.name, database]) {
    if (!/^\w+$/.test(name))
      throw new Error(`"${name}" is no name of a cluster or database: expected letters, digits, _`);
  }
  const everywhere = onCluster(cluster);
  const of = (name: string) => `{database:Identifier}.${name}`;
  const allLocal = (sql: string) => sql.replace(names, (_, name: string) => of(localName(name)));

  if (keepsNothing.test(statement)) return [statement.replace(create, (start) => `${start}${everywhere}`)];
  if (fromEntrance.test(statement)) return [statement.replace(view, (start) => `${start}${everywhere}`)];

  const made = create.exec(statement)?.[1];
  if (made !== undefined) {
    const local = statement.replace(create, `CREATE TABLE IF NOT EXISTS ${of(localName(made))}${everywhere}`);
    const key = shardingKey(statement);
    return [
      cluster.keeper ? replicated(local) : local,
      `CREATE TABLE IF NOT EXISTS ${of(made)}${everywhere} AS ${database}.${localName(made)}\n` +
        `ENGINE = Distributed('${cluster.name}', '${database}', '${localName(made)}', ${key})`,
    ];
  }

  const viewName = view.exec(statement)?.[1];
  if (viewName !== undefined) {
    const rest = statement.replace(view, '');
    return [`CREATE MATERIALIZED VIEW IF NOT EXISTS ${of(viewName)}${everywhere}${allLocal(rest)}`];
  }

  const altered = alter.exec(statement)?.[1];
  if (altered !== undefined) {
    const rest = statement.replace(alter, '');
    if (/^\s*MODIFY QUERY\b/.test(rest)) return [`ALTER TABLE ${of(altered)}${everywhere}${allLocal(rest)}`];
    // A Distributed table has columns, and neither codecs nor order.
    const columns = rest
      .split(/,\n/)
      .map((command) => command.trim())
      .filter((command) => /^(?:ADD|DROP|RENAME) COLUMN\b/.test(command));
    return [
      `ALTER TABLE ${of(localName(altered))}${everywhere}${rest}`,
      ...(columns.length > 0
        ? [`ALTER TABLE ${of(altered)}${everywhere}\n    ${columns.join(',\n    ')}`]
        : []),
    ];
  }

  // A copy of one table into another: once for all nodes, or each its own.
  if (/^INSERT INTO /.test(statement)) return [cluster.keeper ? statement : allLocal(statement)];
  throw new Error(
    `cluster: nobody has said what becomes of "${statement.split('\n', 1)[0]}": add it to cluster.ts`,
  );
}

function replicated(statement: string): string {
  return statement
    .replace(/\bENGINE = (\w*MergeTree)/, 'ENGINE = Replicated$1')
    .replace('non_replicated_deduplication_window', 'replicated_deduplication_window');
}

/** By call where rows are of a call; else by what makes a row one of its kind, so that replacing rows meet. */
function shardingKey(statement: string): string {
  if (/^ {4}call_id\s/m.test(statement)) return 'cityHash64(call_id)';
  const order = /^ORDER BY (?:\(([\w, ]+)\)|(\w+))$/m.exec(statement);
  const columns = order?.[1] ?? order?.[2];
  if (columns === undefined) throw new Error(`cluster: no ORDER BY in "${statement.split('\n', 1)[0]}"`);
  return `cityHash64(${columns})`;
}
