import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildClient } from '../../client/build.ts';

const run = promisify(execFile);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callscope-page-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the built page', () => {
  it('has everything that its document asks for, and asks for nothing from elsewhere', async () => {
    const page = join(folder, 'page');
    const files = await buildClient(page);
    const html = await readFile(join(page, 'index.html'), 'utf8');
    const asked = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, path]) => path ?? '');
    expect(asked).toHaveLength(3);
    for (const path of asked) expect((await stat(join(page, path))).size).toBeGreaterThan(0);
    expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining([...asked, 'sdk.js', 'index.html']));
  });

  it('runs under a content security policy without inline script or style', async () => {
    const html = await readFile(join(folder, 'page', 'index.html'), 'utf8');
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/i);
  });

  it('leaves the server’s libraries out of the browser', async () => {
    const names = await readdir(join(folder, 'page', 'assets'));
    const script = names.find((name) => name.endsWith('.js')) ?? '';
    expect(await readFile(join(folder, 'page', 'assets', script), 'utf8')).not.toMatch(/ZodError|JWTExpired/);
  });

  it('is left alone by a second build of the same sources', async () => {
    const page = join(folder, 'page');
    const before = await stat(page);
    await buildClient(page);
    expect((await stat(page)).ino).toBe(before.ino);
  });

  it('takes the place of whatever stood there, and leaves nothing beside it', async () => {
    const page = join(folder, 'page');
    await writeFile(join(page, 'stale.js'), 'old');
    await buildClient(page);
    expect(await readdir(page)).not.toContain('stale.js');
    expect(await readdir(folder)).toEqual(['page']);
  });
});

it('says where it could not build into, and ends with a code other than 0', async () => {
  const blocked = join(folder, 'file');
  await writeFile(blocked, '');
  const build = run(process.execPath, ['client/build.ts', join(blocked, 'page')]);
  await expect(build).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(blocked) });
});
