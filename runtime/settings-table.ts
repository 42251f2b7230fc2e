/**
 * The table of settings, for the terminal and for docs/environment.md.
 *
 *   node runtime/settings-table.ts            prints the page
 *   node runtime/settings-table.ts --write    writes docs/environment.md
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { settingGroups, setupVariables } from './settings.ts';

export const environmentPage = path.join(import.meta.dirname, '..', 'docs', 'environment.md');

interface Row {
  readonly name: string;
  readonly standard: string;
  readonly doc: string;
}

const groups: [string, Row[]][] = Object.entries(settingGroups).map(([title, settings]) => [
  title,
  Object.entries(settings).map(([name, { doc, ...rest }]) => ({
    name,
    standard: 'default' in rest ? `\`${rest.default}\`` : 'otherwise' in rest ? rest.otherwise : 'none',
    doc,
  })),
]);

export function markdownPage(): string {
  const tables = groups.map(([title, rows]) =>
    [
      `## ${title}`,
      '',
      '| Variable | Without it | Meaning |',
      '|---|---|---|',
      ...rows.map(({ name, standard, doc }) => `| \`${name}\` | ${standard} | ${doc} |`),
    ].join('\n'),
  );
  const setup = Object.entries(setupVariables).map(([name, doc]) => `| \`${name}\` | ${doc} |`);
  return `# Settings

Callscope is set by environment variables. \`npm start\` checks them all before it starts anything and tells every
fault at once; \`npm start -- --help\` prints this table. An empty variable counts as unset.

Written by \`node runtime/settings-table.ts --write\` from \`runtime/settings.ts\`; change it there.

${tables.join('\n\n')}

## Set-up

Read by \`node runtime/setup.mjs\`, which the npm scripts run first.

| Variable | Meaning |
|---|---|
${setup.join('\n')}
`;
}

/** @param width columns of the terminal */
export function textTable(width: number): string {
  const lines = groups.flatMap(([title, rows]) => [
    `\n${title}`,
    ...rows.flatMap(({ name, standard, doc }) => [
      `  ${name}  (${standard.replaceAll('`', '')})`,
      ...wrapped(doc.replaceAll('`', ''), Math.max(40, width - 6)).map((line) => `      ${line}`),
    ]),
  ]);
  return lines.join('\n');
}

function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines[lines.length - 1]!;
    if (line && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line ? `${line} ${word}` : word;
  }
  return lines;
}

if (import.meta.main) {
  if (process.argv.includes('--write')) writeFileSync(environmentPage, markdownPage());
  else process.stdout.write(markdownPage());
}
