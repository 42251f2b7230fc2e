/** A query of grafana-clickhouse-datasource, as its editor for SQL would save it. */
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';

export const dataSource: DataSourceRef = { type: 'grafana-clickhouse-datasource', uid: 'callscope' };

/** How the data source hands rows on: `series` turns (time, text, number) into one line per text. */
const formats = { series: 0, table: 1 } as const;
export type QueryFormat = keyof typeof formats;

/** What the data source saves (CHSqlQuery of its src/types/sql.ts). */
export interface ClickHouseQuery extends Dataquery {
  refId: string;
  datasource: DataSourceRef;
  editorType: 'sql';
  rawSql: string;
  format: number;
  queryType: 'timeseries' | 'table';
  /** Of the data source when it was saved, from which it migrates; this shape is that of version 4. */
  pluginVersion: string;
}

export function clickHouseQuery(rawSql: string, format: QueryFormat): Builder<Dataquery> {
  const query: Omit<ClickHouseQuery, '_implementsDataqueryVariant'> = {
    refId: 'A',
    datasource: dataSource,
    editorType: 'sql',
    rawSql,
    format: formats[format],
    queryType: format === 'series' ? 'timeseries' : 'table',
    pluginVersion: '4.0.0',
  };
  // The marker of the SDK's union is a method, which JSON leaves out.
  return { build: () => ({ ...query, _implementsDataqueryVariant: () => undefined }) };
}
