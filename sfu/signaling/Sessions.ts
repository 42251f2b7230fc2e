/** All stays of the node, by the token that resumes them. */
import { events } from '../../telemetry/events.ts';
import { SfuError } from '../errors.ts';
import type { Participant } from '../Participant.ts';
import type { Rooms } from '../Rooms.ts';
import type { Telemetry } from '../telemetry/Telemetry.ts';
import { Session, type SessionSocket } from './Session.ts';

export class Sessions {
  readonly #rooms: Rooms;
  readonly #telemetry: Telemetry;
  readonly #byToken = new Map<string, Session>();

  constructor({ rooms, telemetry }: { readonly rooms: Rooms; readonly telemetry: Telemetry }) {
    this.#rooms = rooms;
    this.#telemetry = telemetry;
  }

  /** For whoever is about to join over this socket. */
  open(socket: SessionSocket): Session {
    const session: Session = new Session(socket, (why) => {
      this.#byToken.delete(session.token);
      // Closed by the room itself, or by whoever takes the participant out of it.
      if (why !== 'closed' && session.participant) {
        this.#rooms.leave(session.participant, why === 'away' ? 'signaling_lost' : 'gone');
      }
    });
    this.#byToken.set(session.token, session);
    return session;
  }

  /** The client goes on over another socket. @throws SfuError session_over, no_worker */
  resume(token: string, socket: SessionSocket): { session: Session; participant: Participant } {
    const session = this.#byToken.get(token);
    const participant = session?.participant;
    if (!session || !participant) throw new SfuError('session_over', 'This session is over, or not here.');
    if (participant.closed) throw new SfuError('no_worker', 'The room is moving to another media worker.');
    const awayMs = Math.round(session.awayMs);
    session.attach(socket);
    this.#telemetry.event(events.signalingResumed, participant.identity, { away_ms: awayMs });
    return { session, participant };
  }

  /** The socket is gone and the client did not say goodbye: it has its time to come back. */
  lost(session: Session, socket: SessionSocket, code: number): void {
    if (!session.participant) session.close('left');
    else if (session.detach(socket)) {
      this.#telemetry.event(events.signalingLost, session.participant.identity, { code });
    }
  }

  /** The client said goodbye. */
  leave(session: Session): void {
    const { participant } = session;
    if (participant) this.#rooms.leave(participant);
    session.close('left');
  }
}
