/**
 * What one query of the user `grafana` may cost, so that a dashboard opened over a year cannot take the store from
 * those who write to it. The same bounds stand in deploy/clickhouse/users.d/grafana.xml, for a ClickHouse elsewhere.
 *
 * `readonly` is 2: the client sets formats and time-outs of its own. The bounds themselves are constant for it, and
 * the time may only be made shorter.
 */
export const readerBounds = {
  /** 500 million: some seconds of one column; the panels here read a thousandth of it. */
  max_rows_to_read: 500_000_000,
  max_bytes_to_read: 50_000_000_000,
  max_result_rows: 1_000_000,
  max_memory_usage: 1_000_000_000,
  max_threads: 4,
  /** Twenty panels of two people, and some to spare. */
  max_concurrent_queries_for_user: 60,
} as const;

export const readerSeconds = 30;

/** The profile as part of ClickHouse's users.xml, without its own element's name. */
export function readerProfileXml(): string {
  const bounds = Object.entries(readerBounds);
  const values = bounds.map(([name, value]) => `      <${name}>${value}</${name}>`);
  const fixed = bounds.map(([name]) => `        <${name}><readonly/></${name}>`);
  return `
      <readonly>2</readonly>
      <max_execution_time>${readerSeconds}</max_execution_time>
${values.join('\n')}
      <cancel_http_readonly_queries_on_client_close>1</cancel_http_readonly_queries_on_client_close>
      <constraints>
        <max_execution_time><min>1</min><max>${readerSeconds}</max></max_execution_time>
${fixed.join('\n')}
      </constraints>`;
}
