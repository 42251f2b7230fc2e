/**
 * The order in which the browser is told of its relays. Chromium's kind of browsers reckons a candidate's priority from
 * the place of its URL in the list: the further in front, the higher. After an ICE restart a path over another relay
 * takes the old one's place at once only if its priority is no lower; else the old path is kept, dead or not, until
 * nothing came over it for 3.5 s (BasicIceController in libwebrtc). So at the join UDP, which carries the media, stands
 * behind everything else, where its priority is lowest, and at a restart in front. UDP is preferred to TCP and TLS
 * either way: that is in the candidate's type, which counts for more.
 */
type IceServers = readonly RTCIceServer[];

const byUdp = (url: string) => /^turn:/i.test(url) && !/\?transport=tcp$/i.test(url);

export function relayOrder(servers: IceServers, udp: 'first' | 'last'): RTCIceServer[] {
  const single = servers.flatMap((server) => [server.urls].flat().map((urls) => ({ ...server, urls })));
  const [overUdp, others] = [
    single.filter(({ urls }) => byUdp(urls)),
    single.filter(({ urls }) => !byUdp(urls)),
  ];
  return udp === 'first' ? [...overUdp, ...others] : [...others, ...overUdp];
}
