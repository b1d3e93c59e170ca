import { createServer } from 'node:net';

/** The kernel keeps such names for each network apart, and forgets them with the process that holds them. */
const name = '\0keelson-node';

/**
 * Takes the network namespace of this process for one node: two would undo each other's links and rules. Undefined when another process has it.
 * Returns what gives it back.
 */
export function lockNetwork(): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(name, () => {
      server.unref();
      resolve(() => void server.close());
    });
  });
}
