/**
 * A certificate for this machine, made by itself: for TURN over TLS on loopback. Nobody trusts it but those who are
 * told to; a deployment names one of its own.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

const run = promisify(execFile);
const days = 825;

/** Made on the first call, kept for later ones. @returns undefined where there is no openssl: then there is no TLS */
export async function selfMadeCertificate(dir: string): Promise<CertificateFiles | undefined> {
  const certFile = path.join(dir, 'cert.pem');
  const keyFile = path.join(dir, 'key.pem');
  if (existsSync(certFile) && existsSync(keyFile)) return { certFile, keyFile };
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const files = ['-keyout', keyFile, '-out', certFile];
  try {
    await run('openssl', ['req', '-x509', ...curve, '-days', String(days), ...names, ...files]);
    return { certFile, keyFile };
  } catch (error) {
    rmSync(certFile, { force: true });
    rmSync(keyFile, { force: true });
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
