/** A page of HTML as a small PNG, by Chromium. */
import type { Page } from 'playwright-core';
import { type Pixels, palettePng } from './png.ts';

export async function photograph(tab: Page, html: string, width: number): Promise<Buffer> {
  await tab.setContent(html);
  const height = await tab.evaluate(() => document.documentElement.scrollHeight);
  const shot = await tab.screenshot({ clip: { x: 0, y: 0, width, height }, fullPage: true });
  return palettePng(await decoded(tab, shot));
}

/** The browser itself reads its picture. */
async function decoded(tab: Page, png: Buffer): Promise<Pixels> {
  const { width, height, base64 } = await tab.evaluate(async (source) => {
    const image = new Image();
    image.src = `data:image/png;base64,${source}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext('2d')!;
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    let text = '';
    for (let at = 0; at < data.length; at += 32_768) {
      text += String.fromCharCode(...data.subarray(at, at + 32_768));
    }
    return { width: image.width, height: image.height, base64: btoa(text) };
  }, png.toString('base64'));
  return { width, height, rgba: Buffer.from(base64, 'base64') };
}
