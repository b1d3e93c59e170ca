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
    for (const one of this.#recent) if (isSame(one.events, events)) return one.frame;
    const frame = frameOf(events.map(this.#text).join(''));
    if (this.#recent.length === 0) process.nextTick(() => {
      this.#recent = [];
    });
    if (this.#recent.length < kept) this.#recent.push({ events, frame });
    return frame;
  }
}

function isSame(a: readonly WatchEvent[], b: readonly WatchEvent[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) {
    const [one, other] = [a[index], b[index]];
    if (one !== other && (one?.object !== other?.object || one?.type !== other?.type)) return false;
  }
  return true;
}
