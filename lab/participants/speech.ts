/**
 * What the synthetic microphone says. Chromium's own beep is silent most of the time, and with DTX so is the stream:
 * too few packets to tell a lossy link by. This is drawn once, the same every time, and played in a loop.
 */
import { createRandom } from '../network/random.ts';
import { keptFile } from './kept-file.ts';

const loopSeconds = 4;
const sampleRate = 48_000;

/** @returns path of a WAV file, 48 kHz, 16 bit, one channel */
export const speechFile = (): string => keptFile('speech-1.wav', speech);

/** Syllables over a quiet room: never silent, so that no encoder stops sending. */
function speech(): Buffer {
  const random = createRandom(1, 'microphone');
  const samples = Int16Array.from({ length: loopSeconds * sampleRate }, (_, i) => {
    const seconds = i / sampleRate;
    const syllable = Math.max(0, Math.sin(2 * Math.PI * 3 * seconds)) ** 2;
    const pitchHz = 140 + 25 * Math.sin(2 * Math.PI * 0.5 * seconds);
    let voice = 0;
    for (let harmonic = 1; harmonic <= 8; harmonic++)
      voice += Math.sin(2 * Math.PI * pitchHz * harmonic * seconds) / harmonic;
    return 9_000 * syllable * voice * 0.6 + 600 * (random() - 0.5);
  });
  const data = Buffer.from(samples.buffer);
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + data.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(2 * sampleRate, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(data.length, 40);
  return Buffer.concat([header, data]);
}
