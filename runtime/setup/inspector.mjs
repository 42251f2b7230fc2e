/** Step: the inspector's page, bundled for the inspector to serve. */
import { bundled } from './bundle.mjs';

/** @param {import('./progress.mjs').Say} say */
export const inspectorPage = (say) =>
  bundled({ name: 'inspector', folder: 'inspector', sources: ['inspector', 'quality', 'telemetry'] }, say);
