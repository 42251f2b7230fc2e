/** What stands in deploy/ for Grafana agrees with what the code says. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { environment } from '../../dashboards/provisioning.ts';
import { readerBounds, readerSeconds } from '../../runtime/embedded/reader-profile.ts';

const deploy = path.join(import.meta.dirname, '..', '..', 'deploy');
const read = (name: string) => readFileSync(path.join(deploy, name), 'utf8');

test.each(Object.entries({ ...readerBounds, max_execution_time: readerSeconds }))(
  "Grafana's user elsewhere is bound as the embedded one: %s",
  (name, value) => {
    expect(read('clickhouse/users.d/grafana.xml')).toContain(`<${name}>${value}</${name}>`);
    expect(read('clickhouse/grafana-user.sql')).toMatch(new RegExp(`\\b${name} = ${value}\\b`));
  },
);

const compose = parse(read('compose.yaml'), { merge: true });

test('the composition gives Grafana all that its files ask for', () => {
  expect(Object.keys(compose.services.grafana.environment)).toEqual(
    expect.arrayContaining(Object.keys(environment)),
  );
  expect(compose.services.grafana.environment.GF_PLUGINS_PREINSTALL).toBe('grafana-clickhouse-datasource');
});

test('the composition asks for every secret, opens ports on loopback only, and mounts what there is', () => {
  const secrets = [...read('compose.yaml').matchAll(/\$\{(\w+):\?\}/g)].map(([, name]) => name);
  for (const name of secrets) expect(read('example.env')).toContain(`${name}=\n`);
  for (const service of Object.values<{ ports?: string[]; volumes?: string[] }>(compose.services)) {
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
    for (const volume of service.volumes ?? []) {
      const [source = ''] = volume.split(':');
      // deploy/grafana is what `npm run dashboards` writes.
      if (source.startsWith('./') && source !== './grafana')
        expect(existsSync(path.join(deploy, source))).toBe(true);
    }
  }
});
