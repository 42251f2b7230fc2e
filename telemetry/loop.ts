/** How far the loop may go; the pipelines and the SFU's reflex are told the same. */
import { z } from 'zod';

/** off: no decisions. shadow: decided and recorded, never carried out. on: carried out. */
export const loopModeSetting = z.enum(['off', 'shadow', 'on']).default('on');
export type LoopMode = z.infer<typeof loopModeSetting>;
