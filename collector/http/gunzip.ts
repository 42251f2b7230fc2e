/**
 * Gunzip with one inflate state and one output buffer for all requests: `gunzipSync` makes both anew each time, which
 * costs more than half as much again as the unpacking, and an allocation of the body's size for the garbage collector.
 * The handle is not part of Node's documented interface, so its shape is checked once, and `gunzipSync` is used
 * where it is another.
 */
import { constants, createGunzip, gunzipSync } from 'node:zlib';

export type Gunzip = (body: Buffer, maxBytes: number) => Buffer;

interface Handle {
  reset(): void;
  writeSync(
    flush: number,
    input: Uint8Array,
    inputAt: number,
    inputLength: number,
    output: Uint8Array,
    outputAt: number,
    outputLength: number,
  ): void;
  onerror: (message: string, errno: number, code: string) => void;
}

const firstBytes = 2 ** 20;

function reusing(): Gunzip | undefined {
  const engine: unknown = createGunzip();
  const handle = propertyOf(engine, '_handle');
  const state = propertyOf(engine, '_writeState');
  if (!isHandle(handle) || !(state instanceof Uint32Array)) return undefined;
  let output = Buffer.allocUnsafeSlow(firstBytes);
  let failure: string | undefined;
  handle.onerror = (message) => {
    failure = message;
  };
  const unpack: Gunzip = (body, maxBytes) => {
    for (;;) {
      failure = undefined;
      handle.reset();
      handle.writeSync(constants.Z_FINISH, body, 0, body.length, output, 0, output.length);
      const [free = 0] = state;
      const full = free === 0 && failure === undefined;
      if (failure !== undefined) throw new Error(failure);
      if (!full) return output.subarray(0, output.length - free);
      if (output.length > maxBytes) throw new RangeError(`more than ${maxBytes} bytes`);
      output = Buffer.allocUnsafeSlow(Math.min(output.length * 4, maxBytes + 1));
    }
  };
  return unpack;
}

const propertyOf = (object: unknown, name: string): unknown =>
  typeof object === 'object' && object !== null ? Reflect.get(object, name) : undefined;

const isHandle = (value: unknown): value is Handle =>
  typeof propertyOf(value, 'reset') === 'function' && typeof propertyOf(value, 'writeSync') === 'function';

/**
 * The result is overwritten by the next call: use it up before.
 * Throws RangeError beyond `maxBytes`, another error where the body is not gzip.
 */
export const gunzip: Gunzip =
  reusing() ?? ((body, maxBytes) => gunzipSync(body, { maxOutputLength: maxBytes }));
