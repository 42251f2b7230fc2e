import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { concerns } from '../../../alerts/concerns.ts';
import { unexplained } from '../../../alerts/explain.ts';
import { headline } from '../../../alerts/message.ts';
import { slos } from '../../../alerts/slos/list.ts';
import { boards } from '../../../dashboards/list.ts';
import type { AlertRow } from '../../../telemetry/alerts.ts';

const root = path.join(import.meta.dirname, '..', '..', '..');

test('names are unique, fit labels, and leave Grafana room for its ids', () => {
  const names = concerns.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z][a-z-]{2,24}$/);
});

test('the promises of the service are all there', () => {
  expect(slos.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'join-success',
      'time-to-join',
      'latency',
      'jitter',
      'loss',
      'mos',
      'recording',
      'transcription',
      'ingest-freshness',
      'loop-health',
    ]),
  );
});

describe.each(slos.map((slo) => [slo.name, slo] as const))('%s', (_name, slo) => {
  test('has a runbook with all its parts', () => {
    const file = path.join(root, slo.runbook);
    expect(existsSync(file)).toBe(true);
    const text = readFileSync(file, 'utf8');
    for (const part of ['Meaning', 'First three looks', 'Usual causes', 'Mitigation', 'When to escalate'])
      expect(text).toContain(`## ${part}\n`);
    expect(text.match(/^[1-9]\. /gm)).toHaveLength(3);
  });

  test('leads to a dashboard that there is', () => {
    expect(boards.map(({ name }) => name)).toContain(slo.board);
  });

  test('has an objective below one, and says what is suffered', () => {
    expect(slo.objective).toBeGreaterThan(0.5);
    expect(slo.objective).toBeLessThan(1);
    const alert = { kind: 'burn', bad: 41, total: 300, since_at: 0 } as AlertRow;
    expect(headline(slo, alert, unexplained)).toContain(slo.suffering);
  });
});
