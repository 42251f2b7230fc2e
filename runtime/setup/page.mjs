/** Step: the meeting page and the browser SDK, bundled for the SFU to serve. */
import { bundled } from './bundle.mjs';

/** @param {import('./progress.mjs').Say} say */
export const meetingPage = (say) =>
  bundled({ name: 'page', folder: 'client', sources: ['client', 'telemetry'] }, say);
