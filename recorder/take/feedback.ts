/**
 * What a receiver asks of its sender over RTCP: lost packets again (RFC 4585, section 6.2.1), and a key frame where they
 * do not come (6.3.1). Pure: packets and the clock are given, the RTCP to send is returned.
 */

/** A packet may only have been overtaken; after that it is asked for, ms. */
const patienceMs = 20;
const askAgainMs = 100;
const mostAsks = 8;
/** A key frame is asked for at most this often, ms. */
const keyFrameEveryMs = 1_000;
/** A larger gap is no loss but a stream that began anew. */
const largestGap = 500;

interface Missing {
  sinceMs: number;
  askedAtMs: number;
  asks: number;
}

export class Feedback {
  readonly #ssrc: number;
  readonly #video: boolean;
  readonly #missing = new Map<number, Missing>();
  #next: number | undefined;
  #keyFrameAtMs = Number.NEGATIVE_INFINITY;
  /** Packets that never came. */
  lost = 0;

  constructor(ssrc: number, video: boolean) {
    this.#ssrc = ssrc;
    this.#video = video;
  }

  received(sequence: number, nowMs: number): void {
    if (this.#next === undefined) {
      this.#next = (sequence + 1) & 0xffff;
      return;
    }
    const ahead = (sequence - this.#next) & 0xffff;
    if (ahead >= 0x8000) {
      this.#missing.delete(sequence);
      return;
    }
    if (ahead > largestGap) this.#missing.clear();
    else {
      for (let i = 0; i < ahead; i++) {
        this.#missing.set((this.#next + i) & 0xffff, {
          sinceMs: nowMs,
          askedAtMs: Number.NEGATIVE_INFINITY,
          asks: 0,
        });
      }
    }
    this.#next = (sequence + 1) & 0xffff;
  }

  /** RTCP packets due now. */
  due(nowMs: number): Buffer[] {
    const asked: number[] = [];
    let givenUp = false;
    for (const [sequence, missing] of this.#missing) {
      if (nowMs - missing.sinceMs < patienceMs || nowMs - missing.askedAtMs < askAgainMs) continue;
      if (missing.asks >= mostAsks) {
        this.#missing.delete(sequence);
        this.lost += 1;
        givenUp = true;
        continue;
      }
      missing.asks += 1;
      missing.askedAtMs = nowMs;
      asked.push(sequence);
    }
    const packets = asked.length > 0 ? [nack(this.#ssrc, asked)] : [];
    if (givenUp && this.#video && nowMs - this.#keyFrameAtMs >= keyFrameEveryMs) {
      this.#keyFrameAtMs = nowMs;
      packets.push(pictureLoss(this.#ssrc));
    }
    return packets;
  }
}

function nack(ssrc: number, sequences: readonly number[]): Buffer {
  const items: { id: number; mask: number }[] = [];
  for (const sequence of sequences) {
    const last = items.at(-1);
    const distance = last ? (sequence - last.id - 1) & 0xffff : 16;
    if (last && distance < 16) last.mask |= 1 << distance;
    else items.push({ id: sequence, mask: 0 });
  }
  const packet = feedbackHead(205, 1, ssrc, items.length);
  items.forEach(({ id, mask }, i) => {
    packet.writeUInt16BE(id, 12 + 4 * i);
    packet.writeUInt16BE(mask, 14 + 4 * i);
  });
  return packet;
}

const pictureLoss = (ssrc: number): Buffer => feedbackHead(206, 1, ssrc, 0);

function feedbackHead(type: number, format: number, ssrc: number, words: number): Buffer {
  const packet = Buffer.alloc(12 + 4 * words);
  packet.writeUInt8(0x80 | format, 0);
  packet.writeUInt8(type, 1);
  packet.writeUInt16BE(2 + words, 2);
  // The recorder sends no media and has no SSRC of its own; any but zero will do.
  packet.writeUInt32BE(1, 4);
  packet.writeUInt32BE(ssrc, 8);
  return packet;
}
