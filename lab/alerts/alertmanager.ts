/** Debian's Alertmanager on loopback, telling a webhook what it would tell people: one notification per incident. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Embedded, startPart } from '../../runtime/embedded/part.ts';
import { freePort } from '../../runtime/embedded/ports.ts';

export interface AlertmanagerOptions {
  readonly dataDir: string;
  readonly webhookUrl: string;
  /** @default a free one */
  readonly port?: number;
}

export interface Alertmanager extends Embedded {
  readonly url: string;
  readonly port: number;
}

/** As docs/alerts.md has it, with waits of a second in the place of half a minute and five. */
const config = (webhookUrl: string) => ({
  route: {
    receiver: 'people',
    group_by: ['incident'],
    group_wait: '1s',
    group_interval: '1s',
    repeat_interval: '4h',
  },
  receivers: [{ name: 'people', webhook_configs: [{ url: webhookUrl, send_resolved: true }] }],
});

/** @throws EmbeddedError when it cannot start */
export async function startAlertmanager(options: AlertmanagerOptions): Promise<Alertmanager> {
  const { dataDir, webhookUrl, port = await freePort() } = options;
  mkdirSync(dataDir, { recursive: true });
  const file = path.join(dataDir, 'alertmanager.yml');
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(config(webhookUrl)), { mode: 0o600 });
  const url = `http://127.0.0.1:${port}`;
  const part = await startPart({
    name: 'Alertmanager',
    debianPackage: 'prometheus-alertmanager',
    command: 'prometheus-alertmanager',
    args: [
      `--config.file=${file}`,
      `--storage.path=${path.join(dataDir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ],
    cwd: dataDir,
    port,
    answers: async () => (await fetch(`${url}/-/ready`)).ok,
  });
  return { ...part, url, port };
}
