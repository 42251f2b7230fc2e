import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { conventionsPage } from '../../telemetry/conventions.ts';

test('docs/conventions.md says what the vocabulary says (else: npm run conventions)', () => {
  const page = readFileSync(new URL('../../docs/conventions.md', import.meta.url), 'utf8');
  expect(page).toBe(conventionsPage());
});
