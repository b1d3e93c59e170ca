import type { Duplex } from 'node:stream';
import { nodeHttp } from '#core/kernel/node-http.ts';

/** Answers on a connection that has left HTTP, or never came to it, and closes it. */
export function answerOnSocket(socket: Duplex, code: number, message: string): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(`HTTP/1.1 ${code} ${nodeHttp.STATUS_CODES[code] ?? 'Error'}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`);
}
