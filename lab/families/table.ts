/** The families as a table for docs/lab.md; a test holds the page against it. */
import { type Family, severities } from './family.ts';

export function familiesTable(families: readonly Family[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(['family', 'what is done', ...severities]),
    line(Array.from({ length: 2 + severities.length }, () => '---')),
    ...families.map(({ name, fault, severities: words }) =>
      line([`\`${name}\``, fault, ...severities.map((severity) => words[severity])]),
    ),
  ].join('\n');
}
