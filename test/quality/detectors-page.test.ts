import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { withTable } from '../../quality/detectors/page.ts';

it('docs/models.md has the table of the list (node quality/detectors/page.ts writes it)', () => {
  const text = readFileSync(new URL('../../docs/models.md', import.meta.url), 'utf8');
  expect(withTable(text)).toBe(text);
});
