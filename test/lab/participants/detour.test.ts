import { describe, expect, it } from 'vitest';
import { detourScript, rerouted } from '../../../lab/participants/detour.ts';

const route = { from: { host: '127.0.0.1', port: 44400 }, to: { host: '127.1.0.2', port: 44400 } };
const candidate = (transport: string, host: string, port: number, tail = 'typ host') =>
  `a=candidate:x 1 ${transport} 1076558079 ${host} ${port} ${tail}`;

describe('rerouted', () => {
  it.each([
    ['the SFU over UDP', candidate('udp', '127.0.0.1', 44400), candidate('udp', '127.1.0.2', 44400)],
    ['upper case', candidate('UDP', '127.0.0.1', 44400), candidate('UDP', '127.1.0.2', 44400)],
    ['TCP to the SFU', candidate('tcp', '127.0.0.1', 44400, 'typ host tcptype passive'), null],
    ['another address', candidate('udp', '192.0.2.7', 44400), null],
    ['another port', candidate('udp', '127.0.0.1', 44401), null],
  ])('%s', (_name, line, expected) => {
    const sdp = ['m=audio 7 UDP/TLS/RTP/SAVPF 100', line, 'a=end-of-candidates', ''].join('\r\n');
    const lines = ['m=audio 7 UDP/TLS/RTP/SAVPF 100', expected, 'a=end-of-candidates', ''];
    expect(rerouted(sdp, route)).toBe(lines.filter((kept) => kept !== null).join('\r\n'));
  });

  it('takes a single candidate without its attribute prefix', () => {
    const line = candidate('udp', '127.0.0.1', 44400).slice('a='.length);
    expect(rerouted(line, route)).toBe(line.replace('127.0.0.1', '127.1.0.2'));
    expect(rerouted(line.replace('44400', '1'), route)).toBe('');
  });

  it('leaves a description without candidates as it is', () => {
    const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\n';
    expect(rerouted(sdp, route)).toBe(sdp);
  });
});

/** The page's own class, as the script finds and replaces it. */
class NativeConnection {
  readonly iceServers: unknown;
  readonly iceTransportPolicy: unknown;
  constructor(configuration: { iceServers?: unknown; iceTransportPolicy?: unknown } = {}) {
    this.iceServers = configuration.iceServers;
    this.iceTransportPolicy = configuration.iceTransportPolicy;
  }
  setRemoteDescription(description: { sdp?: string }) {
    return Promise.resolve(description.sdp);
  }
  addIceCandidate(added?: { candidate?: string }) {
    return Promise.resolve(added?.candidate);
  }
  setConfiguration(configuration: { iceServers?: unknown }) {
    return configuration.iceServers;
  }
}

/** Runs the script, as text, against a window of its own. */
function pageWith(used: typeof route | null, relay: 'given' | null = null) {
  class Connection extends NativeConnection {}
  for (const name of ['setRemoteDescription', 'addIceCandidate', 'setConfiguration'] as const) {
    Object.assign(Connection.prototype, { [name]: NativeConnection.prototype[name] });
  }
  const window = { RTCPeerConnection: Connection, callscopeLab: { connections: [] as unknown[] } };
  new Function('window', detourScript(used, relay))(window);
  return window;
}

describe('the script in the page', () => {
  const turn = { iceServers: [{ urls: 'turn:127.0.0.1:3478' }] };

  it('takes every way around the line away', async () => {
    const page = pageWith(route);
    const connection = new page.RTCPeerConnection(turn);
    expect(connection.iceServers).toEqual([]);
    expect(connection.setConfiguration(turn)).toEqual([]);
    const sdp = candidate('udp', '127.0.0.1', 44400);
    expect(await connection.setRemoteDescription({ sdp })).toBe(candidate('udp', '127.1.0.2', 44400));
    expect(await connection.addIceCandidate({ candidate: sdp })).toBe(candidate('udp', '127.1.0.2', 44400));
    expect(
      await connection.addIceCandidate({ candidate: candidate('tcp', '127.0.0.1', 44400) }),
    ).toBeUndefined();
    expect(await connection.addIceCandidate()).toBeUndefined();
  });

  it('goes by no way but the relays that the page is told of', () => {
    const connection = new (pageWith(null, 'given').RTCPeerConnection)(turn);
    expect(connection.iceServers).toEqual(turn.iceServers);
    expect(connection.iceTransportPolicy).toBe('relay');
  });

  it('leaves the media alone without a route, but remembers the connections', async () => {
    const page = pageWith(null);
    const connection = new page.RTCPeerConnection(turn);
    expect(connection.iceServers).toEqual(turn.iceServers);
    const sdp = candidate('udp', '127.0.0.1', 44400);
    expect(await connection.setRemoteDescription({ sdp })).toBe(sdp);
    expect(page.callscopeLab.connections).toEqual([connection]);
    expect(connection).toBeInstanceOf(page.RTCPeerConnection);
  });
});
