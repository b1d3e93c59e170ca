/** A part of what a program wrote. A message of the engine may come in several parts; `last` ends it. */
export interface Frame {
  readonly stream: 'stdout' | 'stderr';
  readonly content: Buffer;
  readonly last: boolean;
}

const headerLength = 8;

/**
 * Takes apart what the engine sends of a program without a terminal: before each message 8 bytes, the number of the stream (1 or 2), three zeros, and
 * the message's length. https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
 */
export class FrameReader {
  readonly #header = Buffer.alloc(headerLength);
  #headerFilled = 0;
  #stream: Frame['stream'] = 'stdout';
  #left = 0;

  /** @throws {Error} when it is no such stream */
  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = [];
    for (let at = 0; at < chunk.length;) {
      if (this.#left === 0) at = this.#readHeader(chunk, at);
      else {
        const content = chunk.subarray(at, at + this.#left);
        this.#left -= content.length;
        at += content.length;
        frames.push({ stream: this.#stream, content, last: this.#left === 0 });
      }
    }
    return frames;
  }

  #readHeader(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#header, this.#headerFilled, at, at + headerLength - this.#headerFilled);
    this.#headerFilled += taken;
    if (this.#headerFilled === headerLength) {
      this.#headerFilled = 0;
      const kind = this.#header.readUInt8(0);
      if (kind > 2 || this.#header.readUIntBE(1, 3) !== 0) throw new Error('the container engine sent something that is no stream of a program');
      this.#stream = kind === 2 ? 'stderr' : 'stdout';
      this.#left = this.#header.readUInt32BE(4);
    }
    return at + taken;
  }
}
