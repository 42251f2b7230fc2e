/** A board as Grafana's JSON. */
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as text from '@grafana/grafana-foundation-sdk/text';
import { type Board, uidOf } from '../board.ts';
import { boardWidth, layout, questionHeight } from '../layout.ts';
import { boardUrl } from '../links.ts';
import { grafanaPanel } from './panels.ts';
import { clickHouseQuery, dataSource } from './query.ts';
import { variables } from './variables.ts';

/** By which the list of dashboards at the top finds its members. */
const tag = 'callscope';

export function grafanaDashboard(board: Board, titles: ReadonlyMap<string, string>, inspectorUrl: string) {
  const builder = new dashboard.DashboardBuilder(board.title)
    .uid(uidOf(board.name))
    .description(board.question)
    .tags([tag, `owner:${board.owner}`])
    .timezone('browser')
    .time({ from: board.from, to: 'now' })
    .refresh(board.refresh)
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .version(1)
    .variables(variables(board.variables, inspectorUrl))
    .links([otherBoards(), inspector()])
    .annotations([severeIncidents()]);

  let id = 1;
  builder.withPanel(
    new text.PanelBuilder()
      .id(id)
      .title('')
      .transparent(true)
      .gridPos({ x: 0, y: 0, w: boardWidth, h: questionHeight })
      .mode(text.TextMode.Markdown)
      .content(questionText(board, titles)),
  );
  for (const { row, place, panels } of layout(board)) {
    id += 1;
    builder.withRow(new dashboard.RowBuilder(row.title).id(id).gridPos(place));
    for (const [panel, at] of panels) {
      id += 1;
      builder.withPanel(grafanaPanel(panel, id, at));
    }
  }
  return builder.build();
}

/** What stands on top of every dashboard, as Markdown. @throws Error when `next` names a board that there is not */
export function questionText(board: Board, titles: ReadonlyMap<string, string>): string {
  const next = board.next.map(({ board: name, when }) => {
    const title = titles.get(name);
    if (!title) throw new Error(`${board.name}: there is no dashboard "${name}"`);
    return `${when}: [${title}](${boardUrl(name)})`;
  });
  return [
    `### ${board.question}`,
    '',
    `${board.reading} *Owner: ${board.owner}.*`,
    '',
    next.join(' · '),
  ].join('\n');
}

const otherBoards = () =>
  new dashboard.DashboardLinkBuilder('Callscope')
    .type(dashboard.DashboardLinkType.Dashboards)
    .tags([tag])
    .asDropdown(true)
    .includeVars(true)
    .keepTime(true);

const inspector = () =>
  new dashboard.DashboardLinkBuilder('Inspector')
    .type(dashboard.DashboardLinkType.Link)
    .icon('external link')
    .tooltip('Why was this call bad?')
    .url('${inspector}')
    .targetBlank(true);

export const severeIncidentsSql = `SELECT started_at AS time, ifNull(ended_at, started_at) AS timeEnd, sentence AS text, kind AS tags
FROM incident_by_time FINAL
WHERE $__timeFilter(started_at) AND severity = 'severe' AND $__conditionalAll(tenant_id IN (\${tenant:singlequote}), $tenant)
ORDER BY time LIMIT 200`;

/** Marks on every time axis. */
const severeIncidents = () =>
  new dashboard.AnnotationQueryBuilder()
    .name('Severe incidents')
    .datasource(dataSource)
    .enable(true)
    .hide(false)
    .iconColor('red')
    .target(clickHouseQuery(severeIncidentsSql, 'table'));
