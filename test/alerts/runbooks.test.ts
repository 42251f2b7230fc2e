/** Whoever is woken finds a runbook, and in it what a runbook is for. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { concerns } from '../../alerts/concerns.ts';
import { panelsOf } from '../../dashboards/board.ts';
import { boards } from '../../dashboards/list.ts';

const root = path.join(import.meta.dirname, '..', '..');
const headings = ['Meaning', 'First three looks', 'Usual causes', 'Mitigation', 'When to escalate'] as const;

describe.each(concerns.map((concern) => [concern.name, concern] as const))('%s', (_name, slo) => {
  const read = () => readFileSync(path.join(root, slo.runbook), 'utf8');

  test('has a runbook with every heading, each followed by text', () => {
    const text = read();
    expect(text.split('\n')[0]).toBe(`# ${slo.title}`);
    const sections = text.split(/^## /m).slice(1);
    expect(sections.map((section) => section.split('\n')[0])).toEqual(headings);
    for (const section of sections) expect(section.split('\n').slice(1).join('').trim()).not.toBe('');
  });

  test('names three looks', () => {
    const looks = /## First three looks\n([\s\S]*?)\n## /.exec(read())![1]!;
    expect(looks.match(/^\d\. /gm)).toEqual(['1. ', '2. ', '3. ']);
  });

  test('sends to dashboards and panels that there are', () => {
    const text = read();
    const titles = new Set(boards.map(({ title }) => title));
    for (const [, board] of text.matchAll(/ashboard \*\*(.+?)\*\*/g)) expect(titles).toContain(board);
    const panels = new Set(boards.flatMap((board) => panelsOf(board).map(({ title }) => title)));
    const rows = new Set(boards.flatMap((board) => board.rows.map(({ title }) => title)));
    const looks = /## First three looks\n([\s\S]*?)\n## /.exec(text)![1]!;
    for (const [, named] of looks.replaceAll(/\s+/g, ' ').matchAll(/"([^"]+)"/g))
      expect([...panels, ...rows]).toContain(named);
    expect(boards.map(({ name }) => name)).toContain(slo.board);
  });
});

test('no runbook is left over', () => {
  const files = readdirSync(path.join(root, 'alerts', 'runbooks')).sort();
  expect(files).toEqual(concerns.map(({ runbook }) => path.basename(runbook)).sort());
});
