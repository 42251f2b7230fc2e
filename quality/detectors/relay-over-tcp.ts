/**
 * Does this participant reach its relay over TCP or TLS?
 *
 * Then one lost packet holds up all that follow, and a queue in the TCP stack adds to every delay. It works, so it is a
 * minor trouble; but it explains much of what comes on top. The client names the pair; the SFU cannot see it.
 */
import { calm, type Detector, evidenceOf } from './detector.ts';

export const relayOverTcp: Detector = {
  name: 'relay_over_tcp',
  version: 1,
  question: 'Does this participant reach its relay over TCP or TLS?',
  onset: 'the selected local candidate is a relay that is reached over tcp or tls, by the client’s word',
  clearing: 'another pair is selected',
  explains: [{ kinds: ['udp_blocked'], of: 'own' }],
  sentence: ({ name, facts, when }) =>
    `${name} was connected through a relay over ${String(facts.relayProtocol).toUpperCase()} ${when}, which delays media when packets are lost: its network probably lets no UDP through.`,
  judge: ({ connections, atMs }) =>
    connections().map((c) => {
      const slow = c.pair?.localType === 'relay' && ['tcp', 'tls'].includes(c.pair.relayProtocol);
      if (!slow) return calm(c.pair ? 'good' : 'unclear', c.participantId, c.transportId, atMs);
      return {
        state: 'bad',
        hop: 'relay',
        participantId: c.participantId,
        subjectId: c.transportId,
        severity: 'minor',
        confidence: 0.95,
        sinceMs: atMs,
        evidence: evidenceOf({ localType: c.pair!.localType, relayProtocol: c.pair!.relayProtocol }),
        affected: [c.participantId],
      };
    }),
};
