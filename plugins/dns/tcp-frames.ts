/** A message with its length before it. https://www.rfc-editor.org/rfc/rfc1035#section-4.2.2 */
export function frame(message: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(2 + message.length);
  framed.writeUInt16BE(message.length);
  message.copy(framed, 2);
  return framed;
}

/** Takes messages out of a stream, in whatever pieces it comes; holds one unfinished message at most. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #size = 0;

  /** Bytes of a message that has not ended. */
  get pending(): number {
    return this.#size;
  }

  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const messages: Buffer[] = [];
    // Together only when there is a whole message: a stream of single bytes must not cost its square.
    while (this.#size >= 2) {
      const length = this.#length();
      if (this.#size < 2 + length) break;
      const all = Buffer.concat(this.#chunks);
      messages.push(all.subarray(2, 2 + length));
      this.#chunks = [all.subarray(2 + length)];
      this.#size -= 2 + length;
    }
    return messages;
  }

  #length(): number {
    const [first = Buffer.alloc(0), ...rest] = this.#chunks;
    if (first.length < 2) this.#chunks = [Buffer.concat([first, ...rest])];
    return this.#chunks[0]?.readUInt16BE(0) ?? 0;
  }
}
