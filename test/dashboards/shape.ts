/** What Grafana's panel of each kind can show. */
import { expect } from 'vitest';
import { namesSeries } from '../../dashboards/grafana/panels.ts';
import type { Panel } from '../../dashboards/panel.ts';
import type { Answer } from '../../dashboards/run.ts';

const isTime = (type: string) => type.startsWith('DateTime');
const isText = (type: string) => /String/.test(type);
const isNumber = (type: string) => /^(?:Nullable\()?(?:U?Int|Float|Bool)/.test(type);

export function expectShape(panel: Panel, { columns, rows }: Answer): void {
  const types = columns.map(({ type }) => type.replace(/^LowCardinality\((.*)\)$/, '$1'));
  switch (panel.kind) {
    case 'stat':
      expect(rows.length, panel.title).toBeLessThanOrEqual(1);
      expect(types.every(isNumber), `${panel.title}: ${types}`).toBe(true);
      break;
    case 'series': {
      const [time, ...rest] = types;
      expect(isTime(time!), `${panel.title}: ${types}`).toBe(true);
      // The data source makes lines of one text column and one number, sorted by time.
      if (namesSeries(panel))
        expect([rest.filter(isText).length, rest.filter(isNumber).length]).toEqual([1, 1]);
      else expect(rest.every(isNumber), `${panel.title}: ${types}`).toBe(true);
      const moments = rows.map((row) => String(row[0]));
      expect(moments, panel.title).toEqual(moments.toSorted());
      break;
    }
    case 'bars':
      expect([types.filter(isText).length, types.filter(isNumber).length, types.length]).toEqual([1, 1, 2]);
      break;
    case 'table':
      expect(columns.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(panel.columns)));
      expect(rows.length, panel.title).toBeLessThanOrEqual(500);
      for (const [index, { name }] of columns.entries()) {
        const unit = panel.columns[name]?.unit;
        if (unit === 'time') expect(types[index], `${panel.title}: ${name}`).toMatch(/DateTime/);
        else if (unit)
          expect(isNumber(types[index]!), `${panel.title}: ${name} is ${types[index]}`).toBe(true);
      }
  }
  for (const row of rows)
    for (const value of row) expect(['nan', 'inf', '-inf'], `${panel.title}`).not.toContain(value);
}

/** Has it something to show? A number that is not known is nothing. */
export const showsSomething = ({ rows }: Answer) => rows.some((row) => row.some((value) => value !== null));
