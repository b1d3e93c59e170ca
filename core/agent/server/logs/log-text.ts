import type { LogLine } from '#core/spi/container-runtime.ts';
import type { LogQuery } from './log-query.ts';

const newline = 10;

/** Makes of a container's lines what the reader wants to see of them. */
export class LogText {
  readonly #query: Pick<LogQuery, 'timestamps' | 'limitBytes' | 'stream'>;
  readonly #midLine = { stdout: false, stderr: false };
  #left: number;

  constructor(query: Pick<LogQuery, 'timestamps' | 'limitBytes' | 'stream'>) {
    this.#query = query;
    this.#left = query.limitBytes ?? Infinity;
  }

  /** As many bytes as are wanted have been given. */
  get isComplete(): boolean {
    return this.#left <= 0;
  }

  /** Empty for a line that is not wanted. */
  of({ stream, time, content }: LogLine): Buffer {
    if (this.#query.stream !== undefined && this.#query.stream !== stream) return Buffer.alloc(0);
    // A long line comes in pieces, of which only the first has a time.
    const begins = !this.#midLine[stream];
    this.#midLine[stream] = content.at(-1) !== newline;
    const whole = this.#query.timestamps && begins ? Buffer.concat([Buffer.from(`${time} `), content]) : content;
    const part = whole.subarray(0, Math.min(whole.length, this.#left));
    this.#left -= part.length;
    return part;
  }
}
