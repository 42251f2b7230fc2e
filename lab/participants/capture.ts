/**
 * Runs in the participant's page before its own scripts and makes camera and microphone frugal, because the
 * participants' work here must come out of the machine that the service under observation runs on. The microphone is
 * synthetic: no echo to cancel, no room to silence. The camera gives 320x180, as much as the small tiles show: two
 * simulcast layers instead of three.
 *
 * The function travels to the browser as text: it must not refer to anything outside itself.
 */
function install(): void {
  const devices = navigator.mediaDevices;
  // Pages without TLS have none.
  if (!devices) return;
  const getUserMedia = devices.getUserMedia.bind(devices);
  const withMore = (wanted: boolean | MediaTrackConstraints | undefined, more: MediaTrackConstraints) =>
    wanted ? { ...(wanted === true ? {} : wanted), ...more } : false;
  devices.getUserMedia = (constraints) =>
    getUserMedia({
      ...constraints,
      audio: withMore(constraints?.audio, {
        echoCancellation: false,
        noiseSuppression: false,
        autoGainControl: false,
      }),
      video: withMore(constraints?.video, { width: 320, height: 180 }),
    });
}

/** The init script. */
export const captureScript = `(${install.toString()})();`;
