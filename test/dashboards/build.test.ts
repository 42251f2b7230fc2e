/** What Grafana is given: the same bytes each time, in the shape that Grafana publishes, complete for its readers. */
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { faults } from '../../alerts/faults/list.ts';
import { panelsOf, uidOf } from '../../dashboards/board.ts';
import { build } from '../../dashboards/build.ts';
import { boards } from '../../dashboards/list.ts';
import { environment } from '../../dashboards/provisioning.ts';
import { slos } from '../../dashboards/slos.ts';
import { units } from '../../dashboards/units.ts';
import { complaints } from './grafana-types.ts';

const options = { inspectorUrl: 'https://inspector.example.org' };
const files = build(options);
const textOf = (path: string) => files.find((file) => file.path === path)?.text ?? '';

interface BuiltPanel {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  options?: { content?: string };
  targets?: { rawSql: string }[];
  fieldConfig?: {
    defaults: { unit?: string; noValue?: string; custom?: object };
    overrides: { properties: { id: string; value: unknown }[] }[];
  };
}
interface BuiltDashboard {
  uid: string;
  title: string;
  tags: string[];
  panels: BuiltPanel[];
  links: { type: string; url?: string }[];
  templating: { list: { name: string }[] };
}
const dashboards = boards.map(
  (board) => JSON.parse(textOf(`dashboards/json/${uidOf(board.name)}.json`)) as BuiltDashboard,
);

test('the same sources make the same bytes', () => {
  expect(build(options)).toEqual(files);
});

test('there is a dashboard for each question of the SRE', () => {
  expect(boards.map(({ title }) => title).sort()).toEqual(
    [
      'Call',
      'Feedback loop',
      'Fleet now',
      'Join funnel',
      'Pipeline health',
      'Quality by dimension',
      'Recording and transcription',
      'SFU nodes',
      'SLOs and error budgets',
      'TURN fleet',
    ].sort(),
  );
});

describe('against the types that Grafana publishes', () => {
  test('every dashboard, panel and option fits', async () => {
    expect(await complaints(dashboards)).toBe('');
  });

  test('the check notices what does not', async () => {
    const wrong = structuredClone(dashboards[0]!) as unknown as { refreshh: string; panels: [] };
    wrong.refreshh = '30s';
    expect(await complaints([wrong])).toContain('refreshh');
  });
});

describe.each(dashboards.map((dashboard, index) => [dashboard.title, dashboard, boards[index]!] as const))(
  '%s',
  (_title, built, board) => {
    test('says its question, its owner and where to go next on top', () => {
      const [top] = built.panels;
      expect(top!.type).toBe('text');
      expect(top!.options!.content).toContain(board.question);
      expect(top!.options!.content).toContain(board.owner);
      expect(built.tags).toContain(`owner:${board.owner}`);
      expect(board.next.length).toBeGreaterThan(0);
      for (const { board: name } of board.next) expect(top!.options!.content).toContain(`/d/${uidOf(name)}?`);
    });

    test('every panel says what it shows, in which unit, and what empty means', () => {
      for (const panel of built.panels.filter(({ type }) => type !== 'row' && type !== 'text')) {
        expect(panel.description?.length, panel.title).toBeGreaterThan(20);
        expect(
          Object.values(units).map(({ grafana }) => grafana),
          panel.title,
        ).toContain(panel.fieldConfig!.defaults.unit);
        expect(panel.fieldConfig!.defaults.noValue, panel.title).toBeTruthy();
        expect(panel.targets).toHaveLength(1);
      }
    });

    test('panels lie side by side, none upon another, and have ids of their own', () => {
      const taken = new Set<string>();
      for (const { title, gridPos } of built.panels) {
        expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
            expect(taken.has(`${x} ${y}`), `${title} at ${x} ${y}`).toBe(false);
            taken.add(`${x} ${y}`);
          }
        }
      }
      const ids = built.panels.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
    });

    test('links lead to dashboards that there are, and into the inspector', () => {
      const urls = built.panels.flatMap((panel) =>
        (panel.fieldConfig?.overrides ?? []).flatMap(({ properties }) =>
          properties
            .filter(({ id }) => id === 'links')
            .flatMap(({ value }) => (value as { url: string }[]).map(({ url }) => url)),
        ),
      );
      for (const url of urls) {
        const uid = /^\/d\/([\w-]+)\?/.exec(url)?.[1];
        if (uid) expect(boards.map(({ name }) => uidOf(name))).toContain(uid);
        else expect(url).toMatch(/^\$\{inspector\}\//);
      }
      expect(built.links.map(({ type }) => type)).toEqual(['dashboards', 'link']);
      expect(built.templating.list.map(({ name }) => name)).toEqual([
        'tenant',
        ...board.variables,
        'inspector',
      ]);
    });

    test('tables name only columns that their query returns', () => {
      for (const panel of panelsOf(board)) {
        if (panel.kind !== 'table') continue;
        for (const column of Object.keys(panel.columns))
          expect(panel.sql, panel.title).toMatch(new RegExp(`\\b${column}\\b`));
      }
    });
  },
);

describe('provisioning', () => {
  test('every file is YAML that Grafana reads, version 1', () => {
    for (const { path, text } of files.filter((file) => file.path.endsWith('.yaml'))) {
      expect(parse(text).apiVersion, path).toBe(1);
    }
  });

  test('the data source takes address and password from the environment, and no secret is in a file', () => {
    const [source] = parse(textOf('datasources/callscope.yaml')).datasources;
    expect(source.type).toBe('grafana-clickhouse-datasource');
    expect(source.secureJsonData.password).toBe('$CALLSCOPE_GRAFANA_CLICKHOUSE_PASSWORD');
    const asked = files.flatMap(({ path, text }) =>
      path.endsWith('.yaml') ? [...text.matchAll(/\$(CALLSCOPE_\w+)/g)].map(([, name]) => name) : [],
    );
    expect([...new Set(asked)].sort()).toEqual(Object.keys(environment).sort());
  });

  test('every SLO has its four rules, every fault its one, and each has what Grafana asks of a rule', () => {
    const { groups } = parse(textOf('alerting/rules.yaml'));
    const rules = groups.flatMap((group: { rules: object[] }) => group.rules);
    expect(rules).toHaveLength(4 * slos.length + faults.length + 1);
    const uids = rules.map(({ uid }: { uid: string }) => uid);
    expect(new Set(uids).size).toBe(uids.length);
    for (const rule of rules) {
      expect(rule.uid.length).toBeLessThanOrEqual(40);
      expect(rule.data.map(({ refId }: { refId: string }) => refId)).toEqual(['A', rule.condition]);
      expect(boards.map(({ name }) => uidOf(name))).toContain(rule.annotations.__dashboardUid__);
      // Rules have no variables at the top.
      expect(rule.data[0].model.rawSql).not.toMatch(/\$\{|conditionalAll/);
    }
  });

  test('dashboards lie where the provider looks for them', () => {
    const [provider] = parse(textOf('dashboards/callscope.yaml')).providers;
    expect(provider.options.path).toBe('$GF_PATHS_PROVISIONING/dashboards/json');
  });
});
