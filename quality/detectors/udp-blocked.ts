/**
 * Do this participant's media go over TCP straight to the SFU?
 *
 * ICE prefers UDP wherever a single check comes back; TCP means that none did: a firewall. Either end's word will do,
 * since both describe the same selected pair. Media work over TCP until packets are lost; so it is minor by itself.
 */
import type { ConnectionFeatures } from '../features/connection.ts';
import { calm, type Detector, evidenceOf } from './detector.ts';

export const udpBlocked: Detector = {
  name: 'udp_blocked',
  version: 1,
  question: 'Do this participant’s media go over TCP straight to the SFU?',
  onset:
    'the selected pair is TCP by the SFU’s word or the client’s, and no relay: ICE prefers UDP wherever one check comes back',
  clearing: 'the selected pair is UDP',
  sentence: ({ name, when }) =>
    `${name}'s media went over TCP ${when}: its network lets no UDP through, so lost packets will hold up what follows them.`,
  judge: ({ connections, atMs }) =>
    connections().map((c) => {
      const protocol = protocolOf(c);
      if (protocol !== 'tcp') {
        return calm(protocol === 'udp' ? 'good' : 'unclear', c.participantId, c.transportId, atMs);
      }
      return {
        state: 'bad',
        hop: 'far_network',
        participantId: c.participantId,
        subjectId: c.transportId,
        severity: 'minor',
        confidence: c.sfuProtocol === 'tcp' && c.pair?.protocol === 'tcp' ? 0.95 : 0.85,
        sinceMs: atMs,
        evidence: evidenceOf({ sfuProtocol: c.sfuProtocol, clientProtocol: c.pair?.protocol }),
        affected: [c.participantId],
      };
    }),
};

/** A relay speaks UDP with the SFU, whatever it speaks with the client; relay_over_tcp asks about that. */
function protocolOf(c: ConnectionFeatures): string {
  if (c.usesRelay) return 'udp';
  return c.sfuProtocol || (c.pair?.protocol ?? '');
}
