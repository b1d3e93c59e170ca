import type { RequestListener, Server } from 'node:http';
import { nodeHttp } from '#core/kernel/node-http.ts';

/** Answers HTTP on one port. */
export interface HealthServers {
  /** Resolves when it listens. @throws what the system says, such as EADDRINUSE */
  listen(port: number, answer: RequestListener): Promise<() => Promise<void>>;
}

/** On the addresses of this process's network namespace. */
export class NodeHealthServers implements HealthServers {
  readonly #host: string | undefined;

  /** @param host all addresses when undefined */
  constructor(host?: string) {
    this.#host = host;
  }

  async listen(port: number, answer: RequestListener): Promise<() => Promise<void>> {
    const server = nodeHttp.createServer({ requestTimeout: 5000, headersTimeout: 5000, keepAliveTimeout: 1000 }, answer);
    server.maxConnections = 1000;
    await listening(server, port, this.#host);
    return () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }
}

const listening = (server: Server, port: number, host: string | undefined): Promise<void> => new Promise((resolve, reject) => {
  server.once('error', reject);
  server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
    server.off('error', reject);
    // Without a listener, an error of one connection attempt would end the process.
    server.on('error', () => undefined);
    resolve();
  });
});
