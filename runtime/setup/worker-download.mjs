/** Fetches the worker that mediasoup's authors release, from where their own installation script would. */
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { run } from './run.mjs';

/** How long the server may take to answer: a network that refuses often just swallows the request. */
const answerLimitMs = 10_000;
const downloadLimitMs = 120_000;

/**
 * @param {{ mediasoup: string, version: string, to: string, say: import('./progress.mjs').Say }} options
 *   `to` is the path of the program; its folder exists
 * @returns {Promise<string | undefined>} why there is none, in a few words; undefined when it is there
 */
export async function downloadWorker({ mediasoup, version, to, say }) {
  if (process.env.MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD) return 'download switched off';
  const url = addressOf(mediasoup, version);
  say(`asking for ${url}`);
  const control = new AbortController();
  let timer = setTimeout(() => control.abort(new Error('no answer')), answerLimitMs);
  try {
    const answer = await fetch(url, { signal: control.signal });
    if (!answer.ok) return `the download answered ${answer.status}`;
    clearTimeout(timer);
    timer = setTimeout(() => control.abort(new Error('too slow')), downloadLimitMs);
    const archive = `${to}.tgz`;
    writeFileSync(archive, Buffer.from(await answer.arrayBuffer()));
    const unpacked = await run('tar', ['-xzf', archive, '-C', path.dirname(to)]);
    return unpacked.code === 0 ? undefined : 'the download is damaged';
  } catch (error) {
    return `the download failed: ${reasonOf(error)}`;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * As in mediasoup's npm-scripts.mjs, the variable included.
 * @param {string} mediasoup
 * @param {string} version
 */
function addressOf(mediasoup, version) {
  const { repository } = JSON.parse(readFileSync(path.join(mediasoup, 'package.json'), 'utf8'));
  const releases = `${repository.url.replace(/^git\+/, '').replace(/\.git$/, '')}/releases/download`;
  const base = process.env.MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL || releases;
  const kernel = Number.parseInt(os.release(), 10);
  return `${base}/${version}/mediasoup-worker-${version}-${os.platform()}-${os.arch()}-kernel${kernel}.tgz`;
}

/** @param {unknown} error */
function reasonOf(error) {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}
