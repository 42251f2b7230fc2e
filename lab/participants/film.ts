/**
 * What the synthetic camera sees. Chromium's own picture is a flat field with a dot: a few ten kbit/s, which fit
 * through any bad link, so that nothing goes bad. This has the texture, noise and movement of a room with a person in
 * it, and takes about what a camera's picture of its size takes. Drawn once, the same every time, played in a loop.
 */
import { createRandom } from '../network/random.ts';
import { keptFile } from './kept-file.ts';

/** The least camera of which Chromium sends two layers: three of them are more than two cores encode for a call of three. */
const filmWidth = 480;
const filmHeight = 270;
/** The drawing's own lines. */
const drawnLines = 360;
const loopSeconds = 6;

/** @param framesPerSecond 1 to 30 @returns path of a Y4M file */
export function filmFile(framesPerSecond: number): string {
  return keptFile(`film-3-${framesPerSecond}.y4m`, () => film(framesPerSecond));
}

function film(framesPerSecond: number): Buffer {
  const random = createRandom(1, 'camera');
  const header = `YUV4MPEG2 W${filmWidth} H${filmHeight} F${framesPerSecond}:1 Ip A1:1 C420jpeg\n`;
  const parts: Buffer[] = [Buffer.from(header)];
  const room = Float32Array.from({ length: filmWidth * filmHeight }, (_, i) => {
    const [x, y] = placeOf(i);
    return 110 + 40 * Math.sin(x / 74) + 25 * Math.cos(y / 46) + 10 * (random() - 0.5);
  });
  const frames = loopSeconds * framesPerSecond;
  for (let frame = 0; frame < frames; frame++) {
    // The loop's end meets its beginning.
    const turn = (2 * Math.PI * frame) / frames;
    const headX = drawnWidth * (0.5 + 0.12 * Math.sin(2 * turn));
    const headY = drawnLines * (0.5 + 0.06 * Math.sin(5 * turn));
    const luma = Buffer.from(
      Uint8Array.from(room, (light, i) => {
        const [x, y] = placeOf(i);
        const inHead = ((x - headX) / 96) ** 2 + ((y - headY) / 124) ** 2 < 1;
        const seen = inHead ? 160 + 35 * Math.sin((x - headX) / 10) * Math.cos((y - headY) / 14) : light;
        return Math.max(16, Math.min(235, seen + 3.5 * (random() - 0.5)));
      }),
    );
    const chroma = Buffer.alloc((filmWidth * filmHeight) / 2, 128);
    parts.push(Buffer.from('FRAME\n'), luma, chroma);
  }
  return Buffer.concat(parts);
}

const drawnWidth = (drawnLines * filmWidth) / filmHeight;
const placeOf = (pixel: number): [x: number, y: number] => [
  ((pixel % filmWidth) * drawnLines) / filmHeight,
  (Math.floor(pixel / filmWidth) * drawnLines) / filmHeight,
];
