/**
 * Runs in the participant's page before its own scripts and makes the microphone frugal, because the participants' work
 * here must come out of the machine that the service under observation runs on. It is synthetic: there is no echo to
 * cancel, and no room to silence.
 *
 * The function travels to the browser as text: it must not refer to anything outside itself.
 */
function install(): void {
  const devices = navigator.mediaDevices;
  // Pages without TLS have none.
  if (!devices) return;
  const getUserMedia = devices.getUserMedia.bind(devices);
  devices.getUserMedia = (constraints) => {
    const audio = constraints?.audio;
    const frugal = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    return getUserMedia({
      ...constraints,
      ...(audio && { audio: { ...(audio === true ? {} : audio), ...frugal } }),
    });
  };
}

/** The init script. */
export const captureScript = `(${install.toString()})();`;
