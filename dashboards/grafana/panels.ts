/** Panels as Grafana's JSON, by its foundation SDK. */

import * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as statPanel from '@grafana/grafana-foundation-sdk/stat';
import * as tablePanel from '@grafana/grafana-foundation-sdk/table';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import type { Place } from '../layout.ts';
import {
  type BarsPanel,
  type Column,
  columnTitle,
  type Panel,
  type SeriesPanel,
  type StatPanel,
  type TablePanel,
} from '../panel.ts';
import type { Threshold } from '../thresholds.ts';
import { units } from '../units.ts';
import { clickHouseQuery, dataSource, type QueryFormat } from './query.ts';

/** @param id unique within the dashboard */
export function grafanaPanel(panel: Panel, id: number, place: Place): Builder<dashboard.Panel> {
  switch (panel.kind) {
    case 'stat':
      return placed(statOf(panel), panel, id, place, 'table');
    case 'series':
      return placed(seriesOf(panel), panel, id, place, 'series');
    case 'bars':
      return placed(barsOf(panel), panel, id, place, 'table');
    case 'table':
      return placed(tableOf(panel), panel, id, place, 'table');
  }
}

type AnyBuilder =
  | statPanel.PanelBuilder
  | timeseries.PanelBuilder
  | bargauge.PanelBuilder
  | tablePanel.PanelBuilder;

/** What all panels have in common. */
function placed(
  builder: AnyBuilder,
  panel: Panel,
  id: number,
  place: Place,
  format: QueryFormat,
): Builder<dashboard.Panel> {
  builder
    .id(id)
    .title(panel.title)
    .description(panel.description)
    .datasource(dataSource)
    .gridPos(place)
    .unit(units[panel.unit].grafana)
    .decimals(units[panel.unit].decimals)
    .noValue(panel.empty)
    .withTarget(clickHouseQuery(panel.sql, format));
  if (panel.thresholds) builder.thresholds(thresholdsOf(panel.thresholds));
  return builder;
}

const byThresholds = new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.Thresholds);
const byPalette = new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.PaletteClassicByName);

function statOf(panel: StatPanel): statPanel.PanelBuilder {
  return new statPanel.PanelBuilder()
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('/.*/').values(false))
    .colorMode(panel.thresholds ? common.BigValueColorMode.Value : common.BigValueColorMode.None)
    .graphMode(common.BigValueGraphMode.None)
    .textMode(common.BigValueTextMode.Auto)
    .colorScheme(byThresholds);
}

function seriesOf(panel: SeriesPanel): timeseries.PanelBuilder {
  const builder = new timeseries.PanelBuilder()
    .interval(panel.interval)
    .colorScheme(byPalette)
    .drawStyle(panel.style === 'bars' ? common.GraphDrawStyle.Bars : common.GraphDrawStyle.Line)
    .lineWidth(panel.style === 'bars' ? 0 : 2)
    .fillOpacity(panel.style === 'lines' ? 0 : 60)
    .showPoints(common.VisibilityMode.Auto)
    .stacking(
      new common.StackingConfigBuilder().mode(
        panel.style === 'lines' ? common.StackingMode.None : common.StackingMode.Normal,
      ),
    )
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom)
        .calcs([]),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder()
        .mode(common.TooltipDisplayMode.Multi)
        .sort(common.SortOrder.Descending),
    )
    // Lines of a text column are named by it alone; lines that are columns keep their names.
    .overrideByQuery('A', [{ id: 'displayName', value: '${__field.labels.series}' }])
    .thresholdsStyle(
      new common.GraphThresholdsStyleConfigBuilder().mode(
        panel.thresholds ? common.GraphThresholdsStyleMode.Dashed : common.GraphThresholdsStyleMode.Off,
      ),
    );
  if (panel.min !== undefined) builder.min(panel.min);
  if (panel.max !== undefined) builder.max(panel.max);
  if (!namesSeries(panel)) builder.overrides([]);
  return builder;
}

/** Does the query name its lines in a column? */
export const namesSeries = (panel: SeriesPanel) => /\bAS series\b/.test(panel.sql);

function barsOf(panel: BarsPanel): bargauge.PanelBuilder {
  return new bargauge.PanelBuilder()
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs([]).fields('').values(true).limit(50))
    .orientation(common.VizOrientation.Horizontal)
    .displayMode(common.BarGaugeDisplayMode.Basic)
    .showUnfilled(false)
    .min(0)
    .colorScheme(panel.thresholds ? byThresholds : byPalette);
}

function tableOf(panel: TablePanel): tablePanel.PanelBuilder {
  const builder = new tablePanel.PanelBuilder()
    .cellHeight(common.TableCellHeight.Sm)
    .showHeader(true)
    .filterable(false);
  for (const [name, column] of Object.entries(panel.columns)) {
    builder.overrideByName(name, columnProperties(name, column));
  }
  return builder;
}

function columnProperties(name: string, column: Column): dashboard.DynamicConfigValue[] {
  const properties: dashboard.DynamicConfigValue[] = [
    { id: 'displayName', value: columnTitle(name, column) },
  ];
  if (column.unit) {
    properties.push(
      { id: 'unit', value: units[column.unit].grafana },
      { id: 'decimals', value: units[column.unit].decimals },
    );
  }
  if (column.width) properties.push({ id: 'custom.width', value: column.width });
  if (column.thresholds) {
    properties.push(
      { id: 'thresholds', value: thresholdsOf(column.thresholds).build() },
      { id: 'color', value: byThresholds.build() },
      { id: 'custom.cellOptions', value: { type: common.TableCellDisplayMode.ColorText } },
    );
  }
  if (column.links) {
    properties.push({
      id: 'links',
      value: column.links.map(({ title, url }) => ({ title, url, targetBlank: false })),
    });
  }
  return properties;
}

const thresholdsOf = (thresholds: readonly Threshold[]) =>
  new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps(thresholds.map(({ from, colour }) => ({ value: from, color: colour })));
