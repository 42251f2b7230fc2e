/** A TCP link to ClickHouse that can be cut, or made to lose the answers to what it delivered. */
import net from 'node:net';

export interface FlakyLink extends AsyncDisposable {
  /** The given URL, through the link. */
  readonly url: string;
  /** `up`; `down`: refused and cut; `deaf`: delivered, but the connection is cut instead of the answer. */
  set(state: 'up' | 'down' | 'deaf'): void;
  /** Answers that were withheld. */
  readonly lostAnswers: number;
  /** Connections that were refused. */
  readonly refused: number;
}

export async function flakyLink(targetUrl: string): Promise<FlakyLink> {
  const target = new URL(targetUrl);
  let state: 'up' | 'down' | 'deaf' = 'up';
  let lostAnswers = 0;
  let refused = 0;
  const sockets = new Set<net.Socket>();
  const server = net.createServer((near) => {
    if (state === 'down') {
      refused++;
      near.destroy();
      return;
    }
    const far = net.connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => {
          sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
    }
    near.pipe(far);
    far.on('data', (chunk) => {
      if (state !== 'deaf') {
        near.write(chunk);
        return;
      }
      lostAnswers++;
      near.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(targetUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as net.AddressInfo).port);
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    set(next) {
      state = next;
      if (next === 'down') cut();
    },
    get lostAnswers() {
      return lostAnswers;
    },
    get refused() {
      return refused;
    },
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
