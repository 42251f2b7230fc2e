/** Simulcast: what the camera sends, and which layer of it a tile of a given size can make use of. */
import type { types as mediasoup } from 'mediasoup-client';

/**
 * Least cameras of which Chromium sends two and three layers; of more than that it sends the lower ones only, and says
 * nothing (libwebrtc, media/engine/simulcast.cc, `kSimulcastFormats`). It goes by pixels, whatever the shape.
 */
const leastOf = { 2: { width: 480, height: 270 }, 3: { width: 960, height: 540 } } as const;
type Layers = 1 | keyof typeof leastOf;

/** What is asked of the camera: the least that gives three layers, each with half the lines of the one above. */
export const cameraSize = leastOf[3];

/**
 * A layer is stretched by at most this factor before the next one is wanted: between 1 and about 1.3 the
 * eye finds little, and the next layer costs two to three times the bits.
 */
const stretch = 1.25;

/** To step down, the tile must be this much smaller than where it would step up: no flapping at the edge. */
const hysteresis = 0.85;

/**
 * @param lines height of the tile's picture in device pixels
 * @param spatialLayers how many layers the consumer has, 1 to 3; their lines are taken to be those of the least camera
 *   that has so many
 * @param current what was asked for before, if anything
 * @returns the lowest layer that fills the tile without showing
 */
export function wishedSpatialLayer(lines: number, spatialLayers: number, current?: number): number {
  if (spatialLayers < 2) return 0;
  const top = spatialLayers - 1;
  const topLines = leastOf[spatialLayers === 2 ? 2 : 3].height;
  for (let layer = 0; layer < top; layer++) {
    const reach = (topLines / 2 ** (top - layer)) * stretch;
    const stepsDown = current !== undefined && layer < current;
    if (lines <= reach * (stepsDown ? hysteresis : 1)) return layer;
  }
  return top;
}

/** Of a camera that has one layer, which has to do for the largest tile. */
const singleLayerBps = 600_000;

/**
 * VP8, three temporal layers each; one alone has none, see `screenEncodings`.
 *
 * @param size of the camera's picture
 */
export function cameraEncodings({ width, height }: Size): mediasoup.RtpEncodingParameters[] {
  const layers = layersOf(width * height);
  if (layers === 1) return [{ scaleResolutionDownBy: 1, maxBitrate: singleLayerBps }];
  return Array.from({ length: layers }, (_, layer) => {
    const scaleResolutionDownBy = 2 ** (layers - 1 - layer);
    return {
      scaleResolutionDownBy,
      maxBitrate: layerBps(Math.min(width, height) / scaleResolutionDownBy),
      scalabilityMode: 'L1T3',
    };
  });
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function layersOf(pixels: number): Layers {
  const has = (layers: keyof typeof leastOf) => pixels >= leastOf[layers].width * leastOf[layers].height;
  return has(3) ? 3 : has(2) ? 2 : 1;
}

/** 90, 250 and 720 kbit/s at 135, 270 and 540 lines: fewer bits a pixel the more there are. */
const layerBps = (lines: number): number => Math.round(9 * (lines / 135) ** 1.5) * 10_000;

/**
 * A shared screen is sent once, in full: half of a text is no text. Without temporal layers: mediasoup takes a single
 * encoding with layers for SVC, and VP8 has no SVC (sfu/media/capabilities.ts).
 */
export const screenEncodings: mediasoup.RtpEncodingParameters[] = [{ maxBitrate: 1_500_000 }];
