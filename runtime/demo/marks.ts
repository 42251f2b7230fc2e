/** What the demo itself did and knows to be true, against which the findings are held. Times in epoch ms. */

export interface DemoParticipant {
  participantId: string;
  name: string;
}

export interface Marks {
  participants: DemoParticipant[];
  /** The one whose downlink is spoilt. */
  target: DemoParticipant;
  fault: { bitrateBps: number; lossRatio: number };
  /** All are in and media flows. */
  readyMs: number;
  faultOnMs: number | null;
  faultOffMs: number | null;
  /** When the report was due; later records do not count. */
  endMs: number | null;
}

/** The fault in words: `250 kbit/s and 5 % loss`. */
export function describeFault({ bitrateBps, lossRatio }: Marks['fault']): string {
  return `${Math.round(bitrateBps / 1000)} kbit/s and ${Math.round(lossRatio * 100)} % loss`;
}
