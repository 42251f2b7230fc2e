/** Whether a STUN or TURN server answers: a binding request (RFC 8489, section 5), which needs no credentials. */
import { randomBytes } from 'node:crypto';
import dgram from 'node:dgram';
import net from 'node:net';

const magicCookie = 0x2112a442;
const bindingRequest = 0x0001;
const bindingSuccess = 0x0101;

/** @param limitMs @default 250, for one on the same machine */
export async function answersStun(port: number, host = '127.0.0.1', limitMs = 250): Promise<boolean> {
  const request = Buffer.alloc(20);
  request.writeUInt16BE(bindingRequest, 0);
  request.writeUInt32BE(magicCookie, 4);
  randomBytes(12).copy(request, 8); // transaction id
  const socket = dgram.createSocket(net.isIPv6(host) ? 'udp6' : 'udp4');
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), limitMs);
      socket.on('error', () => resolve(false));
      socket.on('message', (reply) =>
        resolve(
          reply.length >= 20 &&
            reply.readUInt16BE(0) === bindingSuccess &&
            reply.subarray(8, 20).equals(request.subarray(8, 20)),
        ),
      );
      socket.send(request, port, host, (error) => error && resolve(false));
    });
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}
