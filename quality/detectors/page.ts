/**
 * Writes the table of all detectors into docs/models.md, between its marks, so that the page cannot differ from the list.
 *
 *   node quality/detectors/page.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { detectors } from './list.ts';

const page = new URL('../../docs/models.md', import.meta.url);
const from = '<!-- detectors: written by quality/detectors/page.ts -->';
const to = '<!-- /detectors -->';

/** One row a detector, in the order they are judged. */
export const detectorTable = (): string =>
  [
    '| detector | asks | onset | clearing |',
    '|---|---|---|---|',
    ...detectors.map((d) =>
      [`| \`${d.name}@${d.version}\``, d.question, d.onset, `${d.clearing} |`]
        .map((cell) => cell.replaceAll('\n', ' '))
        .join(' | '),
    ),
  ].join('\n');

/** The page with the table of this list. @throws Error when its marks are gone */
export function withTable(text: string): string {
  const start = text.indexOf(from);
  const end = text.indexOf(to);
  if (start < 0 || end < start) {
    throw new Error(
      `docs/models.md has lost its marks "${from}" … "${to}": put them back where the table belongs`,
    );
  }
  return `${text.slice(0, start + from.length)}\n${detectorTable()}\n${text.slice(end)}`;
}

if (import.meta.main) writeFileSync(page, withTable(readFileSync(page, 'utf8')));
