import type { LogLine } from '#core/spi/container-runtime.ts';
import { FrameReader } from './frames.ts';

/** With this many bytes the engine cuts a line into messages. */
const partLength = 16 * 1024;
const longestMessage = 1024 * 1024;
const newline = 10;

/** Of a program without a terminal: each message of the engine is one line, or one part of a long line. */
export async function* framedLines(source: AsyncIterable<Buffer>): AsyncGenerator<LogLine> {
  const reader = new FrameReader();
  let parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of source) {
    for (const { stream, content, last } of reader.push(chunk)) {
      parts.push(content);
      length += content.length;
      if (length > longestMessage) throw new Error('the container engine sent a message of a log that is too long');
      if (!last) continue;
      yield { stream, ...stamped(Buffer.concat(parts)) };
      parts = [];
      length = 0;
    }
  }
}

/** Of a program with a terminal: one stream of stamped messages, of which one without a line end is recognized by its length. */
export async function* terminalLines(source: AsyncIterable<Buffer>): AsyncGenerator<LogLine> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = messageEnd(rest); end > 0; end = messageEnd(rest)) {
      yield { stream: 'stdout', ...stamped(rest.subarray(0, end)) };
      rest = rest.subarray(end);
    }
  }
  if (rest.length > 0) yield { stream: 'stdout', ...stamped(rest) };
}

/** 0 when it is not all there. */
function messageEnd(bytes: Buffer): number {
  const line = bytes.indexOf(newline) + 1;
  const part = bytes.indexOf(' ') + 1 + partLength;
  if (line > 0 && line <= part) return line;
  return bytes.length >= part && part > partLength ? part : 0;
}

/** A message begins with its time, in nanoseconds, and a blank. */
function stamped(message: Buffer): Pick<LogLine, 'time' | 'content'> {
  const blank = message.indexOf(' ');
  return { time: message.toString('latin1', 0, Math.max(blank, 0)), content: Buffer.from(message.subarray(blank + 1)) };
}
