/**
 * Runs in the participant's page before its own scripts: takes echo cancellation, noise suppression and gain
 * control off the synthetic microphone, which has no echo and no room. For each participant they cost a small
 * machine some 4 % of a core, which here must come out of the service under observation.
 *
 * The function travels to the browser as text: it must not refer to anything outside itself.
 */
function install(): void {
  const devices = navigator.mediaDevices;
  // Pages without TLS have none.
  if (!devices) return;
  const getUserMedia = devices.getUserMedia.bind(devices);
  devices.getUserMedia = (constraints) => {
    if (!constraints?.audio) return getUserMedia(constraints);
    const wanted = constraints.audio === true ? {} : constraints.audio;
    const audio = { ...wanted, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    return getUserMedia({ ...constraints, audio });
  };
}

/** The init script. */
export const microphoneScript = `(${install.toString()})();`;
