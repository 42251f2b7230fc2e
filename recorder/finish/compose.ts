/**
 * ffmpeg's graph for the composed file: everybody in a grid, everybody's voice in one. A tile is black while its picture
 * is off. Pure.
 */

export interface ComposeInput {
  readonly file: string;
  readonly hasAudio: boolean;
  /** When its picture was there, s from the start; null for none. */
  readonly shown: readonly (readonly [from: number, to: number])[] | null;
}

const framesPerSecond = 15;
const canvasWidth = 1_280;
/** Larger than what cameras send here, a tile only costs. */
const mostTileWidth = 640;
/** Those who were to be seen longest; more would be stamps. */
const mostTiles = 16;
/** An expression of more parts is slow for every frame; the shortest gaps are closed. */
const mostShown = 50;

/** @returns arguments between inputs and output; null where there is nothing to compose */
export function composeArguments(inputs: readonly ComposeInput[], durationSeconds: number): string[] | null {
  const tiles = inputs
    .map(({ shown }, input) => ({ input, shown: shown ?? [] }))
    .filter(({ shown }) => shown.length > 0)
    .sort((a, b) => lengthOf(b.shown) - lengthOf(a.shown) || a.input - b.input)
    .slice(0, mostTiles)
    .sort((a, b) => a.input - b.input);
  const voices = inputs.flatMap(({ hasAudio }, input) => (hasAudio ? [input] : []));
  if (tiles.length === 0 && voices.length === 0) return null;
  const graph: string[] = [];
  const maps: string[] = [];
  if (tiles.length > 0) {
    const columns = Math.ceil(Math.sqrt(tiles.length));
    const rows = Math.ceil(tiles.length / columns);
    const width = even(Math.min(mostTileWidth, canvasWidth / columns));
    const height = even((width * 9) / 16);
    graph.push(
      `color=c=black:s=${columns * width}x${rows * height}:r=${framesPerSecond}:d=${durationSeconds.toFixed(3)}[canvas0]`,
    );
    tiles.forEach(({ input, shown }, i) => {
      graph.push(
        `[${input}:v:0]fps=${framesPerSecond},scale=${width}:${height}:force_original_aspect_ratio=decrease,` +
          `pad=${width}:${height}:-1:-1,setsar=1[tile${i}]`,
      );
      const enabled = bounded(shown)
        .map(([from, to]) => `between(t,${from.toFixed(2)},${to.toFixed(2)})`)
        .join('+');
      const x = (i % columns) * width;
      const y = Math.floor(i / columns) * height;
      graph.push(
        `[canvas${i}][tile${i}]overlay=${x}:${y}:eof_action=repeat:enable='${enabled}'[canvas${i + 1}]`,
      );
    });
    maps.push('-map', `[canvas${tiles.length}]`, ...video);
  }
  if (voices.length > 0) {
    for (const input of voices)
      graph.push(`[${input}:a:0]aresample=48000:async=1:first_pts=0[voice${input}]`);
    const all = voices.map((input) => `[voice${input}]`).join('');
    graph.push(`${all}amix=inputs=${voices.length}:duration=longest:normalize=0,alimiter=limit=0.95[voices]`);
    maps.push('-map', '[voices]', '-c:a', 'libopus', '-b:a', '64k');
  }
  return ['-filter_complex', graph.join(';'), ...maps, '-t', durationSeconds.toFixed(3)];
}

// Overlays bring transparency, which the encoder refuses.
const video = [
  '-pix_fmt',
  'yuv420p',
  '-c:v',
  'libvpx',
  '-deadline',
  'realtime',
  '-cpu-used',
  '8',
  '-b:v',
  '1M',
  '-g',
  '150',
  '-threads',
  '1',
];

const even = (length: number) => 2 * Math.floor(length / 2);

const lengthOf = (shown: readonly (readonly [number, number])[]) =>
  shown.reduce((sum, [from, to]) => sum + to - from, 0);

function bounded(shown: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const kept = [...shown];
  while (kept.length > mostShown) {
    let shortest = 1;
    for (let i = 2; i < kept.length; i++) {
      if (kept[i]![0] - kept[i - 1]![1] < kept[shortest]![0] - kept[shortest - 1]![1]) shortest = i;
    }
    kept.splice(shortest - 1, 2, [kept[shortest - 1]![0], kept[shortest]![1]]);
  }
  return kept;
}
