/** Simulcast: what the camera sends, and which layer of it a tile of a given size can make use of. */
import type { types as mediasoup } from 'mediasoup-client';

/** Lines of the camera's full picture; every layer below has half of the one above. */
export const fullLayerLines = 360;

/**
 * A layer is stretched by at most this factor before the next one is wanted: between 1 and about 1.3 the
 * eye finds little, and the next layer costs two to three times the bits.
 */
const stretch = 1.25;

/** To step down, the tile must be this much smaller than where it would step up: no flapping at the edge. */
const hysteresis = 0.85;

/**
 * @param lines height of the tile's picture in device pixels
 * @param spatialLayers how many layers the consumer has, 1 to 3
 * @param current what was asked for before, if anything
 * @returns the lowest layer that fills the tile without showing
 */
export function wishedSpatialLayer(lines: number, spatialLayers: number, current?: number): number {
  const top = Math.max(0, spatialLayers - 1);
  for (let layer = 0; layer < top; layer++) {
    const reach = (fullLayerLines / 2 ** (top - layer)) * stretch;
    const stepsDown = current !== undefined && layer < current;
    if (lines <= reach * (stepsDown ? hysteresis : 1)) return layer;
  }
  return top;
}

/**
 * VP8, three temporal layers each; one alone has none, see `screenEncodings`. Pictures too small to halve twice get fewer layers, because an encoder
 * refuses or wastes a layer of some dozen lines.
 *
 * @param lines height of the camera's picture
 */
export function cameraEncodings(lines: number): mediasoup.RtpEncodingParameters[] {
  const layers = [
    { scaleResolutionDownBy: 4, maxBitrate: 90_000 },
    { scaleResolutionDownBy: 2, maxBitrate: 220_000 },
    { scaleResolutionDownBy: 1, maxBitrate: 600_000 },
  ];
  const kept = lines >= 270 ? layers : lines >= 135 ? layers.slice(1) : layers.slice(2);
  return kept.length > 1 ? kept.map((layer) => ({ ...layer, scalabilityMode: 'L1T3' })) : kept;
}

/**
 * A shared screen is sent once, in full: half of a text is no text. Without temporal layers: mediasoup takes a single
 * encoding with layers for SVC, and VP8 has no SVC (sfu/media/capabilities.ts).
 */
export const screenEncodings: mediasoup.RtpEncodingParameters[] = [{ maxBitrate: 1_500_000 }];
