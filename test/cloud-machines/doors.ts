import { createHash } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { execa } from 'execa';
import type { CloudBalancer } from './cloud-view.ts';

const connectMs = 1_000;

/** Where a proxying balancer of this name listens on this computer: an address of its own on the loopback interface. */
export function addressOfName(name: string): string {
  const [a = 0, b = 0] = createHash('sha256').update(name).digest();
  return `127.66.${a}.${1 + (b % 254)}`;
}

/** Lets traffic in by the balancers that clouds have: connections to listeners are handed on, and packets for a passthrough balancer's address are routed to a machine. */
export class Doors {
  readonly #listeners = new Map<string, Listening>();
  readonly #routes = new Map<string, string>();
  readonly #uplink: string;
  readonly #opened: (name: string, address: string) => void;

  /**
   * @param uplink the link that leads to machines
   * @param opened told of each listener: the balancer's name, and where it is on this computer
   */
  constructor(uplink: string, opened: (name: string, address: string) => void = () => undefined) {
    this.#uplink = uplink;
    this.#opened = opened;
  }

  async follow(balancers: readonly CloudBalancer[]): Promise<void> {
    const proxies = new Map(balancers.filter(({ kind }) => kind === 'proxy').map((one) => [`${one.name}:${one.port}`, one]));
    for (const [key, listening] of this.#listeners) {
      if (proxies.has(key)) continue;
      this.#listeners.delete(key);
      await listening.close();
    }
    for (const [key, { name, port, targets }] of proxies) {
      const listening = this.#listeners.get(key) ?? new Listening();
      listening.targets = targets;
      if (this.#listeners.has(key)) continue;
      await listening.listen(addressOfName(name), port);
      this.#listeners.set(key, listening);
      this.#opened(`${name}:${port}`, `${addressOfName(name)}:${port}`);
    }
    await this.#route(balancers.filter(({ kind }) => kind === 'passthrough'));
  }

  async close(): Promise<void> {
    await this.follow([]);
  }

  async #route(balancers: readonly CloudBalancer[]): Promise<void> {
    const wanted = new Map<string, string>();
    for (const balancer of balancers) {
      const healthy = await firstHealthy(balancer);
      if (healthy !== undefined) wanted.set(balancer.name, healthy);
    }
    for (const name of this.#routes.keys()) {
      if (wanted.has(name)) continue;
      this.#routes.delete(name);
      await execa('ip', ['route', 'delete', `${name}/32`], { reject: false, stdin: 'ignore' });
    }
    for (const [name, address] of wanted) {
      if (this.#routes.get(name) === address) continue;
      await execa('ip', ['route', 'replace', `${name}/32`, 'via', address, 'dev', this.#uplink, 'onlink'], { stdin: 'ignore' });
      this.#routes.set(name, address);
    }
  }
}

/** A listener of one balancer: each connection goes to the next target that takes it. */
class Listening {
  targets: CloudBalancer['targets'] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #next = 0;

  constructor() {
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      this.#keep(client);
      void this.#handOn(client);
    });
  }

  listen(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject).listen(port, host, resolve);
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
  }

  async #handOn(client: Socket): Promise<void> {
    for (let tries = this.targets.length; tries > 0; tries--) {
      const target = this.targets[this.#next++ % this.targets.length];
      const socket = target === undefined ? undefined : await connected(target.address, target.port);
      if (socket === undefined) continue;
      this.#keep(socket);
      client.pipe(socket);
      socket.pipe(client);
      return;
    }
    client.destroy();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => this.#sockets.delete(socket));
  }
}

function connected(host: string, port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, allowHalfOpen: true });
    const failed = (): void => {
      socket.destroy();
      resolve(undefined);
    };
    const timer = setTimeout(failed, connectMs);
    socket.once('error', failed).once('connect', () => {
      clearTimeout(timer);
      socket.off('error', failed);
      resolve(socket);
    });
  });
}

async function firstHealthy({ targets, port, path }: CloudBalancer): Promise<string | undefined> {
  for (const { address } of targets) if (await isHealthy(address, port, path)) return address;
  return undefined;
}

async function isHealthy(address: string, port: number, path: string | undefined): Promise<boolean> {
  if (path === undefined) {
    const socket = await connected(address, port);
    socket?.destroy();
    return socket !== undefined;
  }
  return fetch(`http://${address}:${port}${path}`, { signal: AbortSignal.timeout(connectMs) }).then(({ ok }) => ok, () => false);
}
