import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { families } from '../../../lab/families/list.ts';
import { familiesTable } from '../../../lab/families/table.ts';

it('stands in docs/lab.md as it is', () => {
  const page = readFileSync(path.join(import.meta.dirname, '..', '..', '..', 'docs', 'lab.md'), 'utf8');
  expect(page).toContain(familiesTable(families));
});
