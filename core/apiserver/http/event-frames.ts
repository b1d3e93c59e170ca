import type { WatchEvent } from '#core/apiserver/verbs/watch.ts';

export interface Frame {
  readonly body: Buffer;
  /** The body as a chunk of HTTP's chunked encoding (RFC 9112, section 7.1). */
  readonly chunk: Buffer;
}

function frameOf(text: string): Frame {
  const length = Buffer.byteLength(text);
  const size = `${length.toString(16)}\r\n`;
  const chunk = Buffer.allocUnsafe(size.length + length + 2);
  const start = chunk.write(size, 'latin1');
  const end = start + chunk.write(text, start);
  chunk.write('\r\n', end, 'latin1');
  return { body: chunk.subarray(start, end), chunk };
}

/** Streams at different places in the history; more of them at a time share less. */
const kept = 8;

/**
 * Chunks that many streams send: a thousand watchers of one thing get the same bytes, which are made once.
 * Nothing is kept beyond the tick in which it was made.
 */
export class EventFrames {
  readonly #text: (event: WatchEvent) => string;
  #recent: { readonly events: readonly WatchEvent[]; readonly frame: Frame }[] = [];

  constructor(text: (event: WatchEvent) => string) {
    this.#text = text;
  }

  of(events: readonly WatchEvent[]): Frame {
    const found = this.#recent.find((one) => isSame(one.events, events));
    if (found !== undefined) return found.frame;
    const frame = frameOf(events.map(this.#text).join(''));
    if (this.#recent.length === 0) process.nextTick(() => {
      this.#recent = [];
    });
    if (this.#recent.length < kept) this.#recent.push({ events, frame });
    return frame;
  }
}

const isSame = (a: readonly WatchEvent[], b: readonly WatchEvent[]): boolean =>
  a.length === b.length && a.every(({ type, object }, index) => object === b[index]?.object && type === b[index].type);
