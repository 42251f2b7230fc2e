/** Does too little come out of a link of what went into it? By both ends' counts of bytes: see ../features/balance.ts. */
import { atLeast, notOver } from './detector.ts';

/** Nothing at all is a lost path. */
const least = 0.03;
/** Of the bytes that the SFU sent; both ends' counts agree within a tenth at rest. */
export const downlinkArrivedOnset = 0.75;

export const arrivesShort = (
  { arrivedOfSent }: { readonly arrivedOfSent: number | undefined },
  onset: number,
): boolean => atLeast(arrivedOfSent, least) && notOver(arrivedOfSent, onset);
