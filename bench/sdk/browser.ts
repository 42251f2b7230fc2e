/** Chromium for the benchmark, and what its pages load. */
import { build } from 'esbuild';

/** Without sandbox (containers), with synthetic devices, and without the browser's own traffic. */
export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--allow-loopback-in-peer-connection',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** By path. `/sdk.js` is the SDK alone, minified, as a page would ship it. */
export async function pageFiles(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['/', '<!doctype html><title>SDK benchmark</title><body><script src="/page.js"></script>'],
    ['/page.js', await bundle('page.ts', 'iife')],
    ['/sdk.js', await bundle('../../client/sdk/telemetry.ts', 'esm')],
    ['/favicon.ico', ''],
  ]);
}

async function bundle(entry: string, format: 'esm' | 'iife'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [new URL(entry, import.meta.url).pathname],
    bundle: true,
    minify: true,
    format,
    target: 'es2022',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}
