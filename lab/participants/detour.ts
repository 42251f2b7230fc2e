/**
 * What runs in the participant's page before its own scripts: sends its media through a line of the lab network
 * by rewriting the SFU's ICE candidates as they arrive, and remembers the peer connections so that the lab can
 * read their statistics. The product knows nothing of it.
 *
 * Both functions travel to the browser as text: they must not refer to anything outside themselves.
 */

export interface Route {
  /** The SFU's own address, as it stands in its candidates. */
  from: { host: string; port: number };
  /** The line to go through instead. */
  to: { host: string; port: number };
  /** Whether the SFU's candidates over TCP stay, which pass the line by. @default false */
  tcp?: boolean;
}

/** Media by the TURN relay only, which is reached at this address. */
export interface RelayRoute {
  host: string;
  port: number;
  transport: 'udp' | 'tcp';
}

/** `given`: by whichever of the relays that the page is told of. */
export type RelayWay = RelayRoute | 'given';

/** What the page holds for the lab. */
export interface LabPage {
  callscopeLab: { connections: RTCPeerConnection[] };
}

/**
 * A description or single candidate with the media sent another way. Candidates that would pass the line by
 * (TCP, unless the route keeps it, any other address) are left out.
 *
 * @param text SDP, or the `candidate:…` line of an RTCIceCandidate
 */
export function rerouted(text: string, { from, to, tcp }: Route): string {
  const kept: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    // RFC 8839, 5.1: candidate:<foundation> <component> <transport> <priority> <address> <port> typ …
    const parts = /^((?:a=)?candidate:\S+ \d+ )(\S+)( \d+ )(\S+) (\d+)( .*)$/i.exec(line);
    if (!parts) {
      kept.push(line);
      continue;
    }
    const [, head, transport, priority, host, port, tail] = parts;
    if (host !== from.host || Number(port) !== from.port) continue;
    if (transport?.toLowerCase() !== 'udp') {
      if (tcp) kept.push(line);
      continue;
    }
    kept.push(`${head}${transport}${priority}${to.host} ${to.port}${tail}`);
  }
  return kept.join('\r\n');
}

/**
 * @param route null to leave the media where it goes
 * @param relay null for no relay at all, where there is a route: it would be a way around the line
 */
export function install(route: Route | null, relay: RelayWay | null, reroute: typeof rerouted): void {
  const connections: RTCPeerConnection[] = [];
  Object.assign(window, { callscopeLab: { connections } });
  const Native = window.RTCPeerConnection;
  const native = Native.prototype;

  /** The servers the page was told of, by the lab's way to them, or none of them. */
  function withServers(configuration: RTCConfiguration): RTCConfiguration {
    if (relay === 'given') return { ...configuration, iceTransportPolicy: 'relay' };
    if (!relay) return route ? { ...configuration, iceServers: [] } : configuration;
    const urls = `turn:${relay.host}:${relay.port}?transport=${relay.transport}`;
    const servers = (configuration.iceServers ?? []).filter((server) =>
      JSON.stringify(server.urls).includes('turn:'),
    );
    return {
      ...configuration,
      iceTransportPolicy: 'relay',
      iceServers: servers.slice(0, 1).map((server) => ({ ...server, urls })),
    };
  }

  window.RTCPeerConnection = new Proxy(Native, {
    construct(target, [configuration, ...rest], newTarget) {
      const used = configuration || relay || route ? withServers(configuration ?? {}) : configuration;
      const connection = Reflect.construct(target, [used, ...rest], newTarget);
      connections.push(connection);
      return connection;
    },
  });
  if (!route) return;

  // Without the overloads that take callbacks, which nothing uses any more.
  const { setRemoteDescription, addIceCandidate, setConfiguration } = native as unknown as {
    setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void>;
    addIceCandidate(candidate?: RTCIceCandidateInit): Promise<void>;
    setConfiguration(configuration: RTCConfiguration): void;
  };
  native.setConfiguration = function (configuration = {}) {
    return setConfiguration.call(this, withServers(configuration));
  };
  native.setRemoteDescription = function (this: RTCPeerConnection, description: RTCSessionDescriptionInit) {
    const sdp = description.sdp === undefined ? undefined : reroute(description.sdp, route);
    return setRemoteDescription.call(this, { type: description.type, sdp });
  } as RTCPeerConnection['setRemoteDescription'];
  native.addIceCandidate = function (this: RTCPeerConnection, candidate?: RTCIceCandidateInit | null) {
    const text = candidate?.candidate;
    if (!text) return addIceCandidate.call(this, candidate ?? undefined);
    const other = reroute(text, route);
    if (other === '') return Promise.resolve();
    return addIceCandidate.call(this, { ...candidate, candidate: other });
  } as RTCPeerConnection['addIceCandidate'];
}

/** The init script. */
export function detourScript(route: Route | null, relay: RelayWay | null = null): string {
  const given = [route, relay].map((one) => JSON.stringify(one)).join(', ');
  return `(${install.toString()})(${given}, ${rerouted.toString()});`;
}
