import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { AgentLab } from '#test/fixtures/agent-lab.ts';
import { startControlPlane, type ControlPlane } from '#test/fixtures/control-plane.ts';
import { nodeAgentAuthority } from '#test/fixtures/node-agent.ts';
import { FuzzedRuntime } from './fuzzed-runtime.ts';

/** Whom a client speaks with: the API server, which passes everything on, or the node's agent itself. */
export type Door = 'api' | 'agent';
export type Task = 'exec' | 'attach' | 'portforward';

const folders = { exec: 'exec', attach: 'attach', portforward: 'portForward' } as const;

/** An API server, the server of a node agent behind it, and a pod with a port that echoes. */
export class StreamsWorld {
  readonly runtime = new FuzzedRuntime();
  readonly plane: ControlPlane;
  readonly lab: AgentLab;
  /** Connections to the pod's port. */
  readonly forwarded = new Set<Socket>();
  readonly #echo: Server;

  private constructor(plane: ControlPlane, lab: AgentLab, runtime: FuzzedRuntime) {
    this.plane = plane;
    this.lab = lab;
    this.runtime = runtime;
    this.#echo = createServer({ allowHalfOpen: true }, (socket) => {
      this.forwarded.add(socket);
      socket.on('close', () => this.forwarded.delete(socket)).on('error', () => socket.destroy());
      socket.pipe(socket);
    });
  }

  static async start(logger: Logger): Promise<StreamsWorld> {
    const authority = await nodeAgentAuthority();
    const plane = await startControlPlane({ logger, nodeAgentCa: authority.cert, limits: { streamsPerUser: 1000 } });
    const runtime = new FuzzedRuntime();
    const lab = await AgentLab.start({ clientCa: plane.pki.ca, authority, runtime, logger, limits: { creationMs: 300 } });
    const world = new StreamsWorld(plane, lab, runtime);
    const spec = { nodeName: 'n1', containers: [{ name: 'main', image: 'i', stdin: true, tty: false }] };
    await plane.client.create(Node, lab.node('n1'));
    await plane.client.create(Pod, { metadata: { namespace: 'default', name: 'web' }, spec });
    lab.pods.putContainer(lab.pods.put('default', 'web', spec, { phase: 'Running' }), 'main', 'c1');
    world.#echo.listen(0, '127.0.0.1');
    await once(world.#echo, 'listening');
    return world;
  }

  get port(): number {
    return (this.#echo.address() as AddressInfo).port;
  }

  /** The path of a task. Flags are named as the API names them; the agent has other names. */
  path(door: Door, task: Task, query: URLSearchParams): string {
    if (door === 'api') return `/api/v1/namespaces/default/pods/web/${task}?${query.toString()}`;
    const names: Readonly<Record<string, string>> = { stdin: 'input', stdout: 'output', stderr: 'error', ports: 'port' };
    const own = new URLSearchParams([...query].map(([name, value]): [string, string] => [names[name] ?? name, value === 'true' ? '1' : value]));
    return `/${folders[task]}/default/web${task === 'portforward' ? '' : '/main'}?${own.toString()}`;
  }

  async connect(door: Door): Promise<TLSSocket> {
    const port = door === 'api' ? Number(new URL(this.plane.server.url).port) : this.lab.server.port;
    const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, cert: this.plane.pki.admin.cert, key: this.plane.pki.admin.key });
    socket.on('error', () => socket.destroy());
    socket.allowHalfOpen = true;
    await once(socket, 'secureConnect');
    return socket;
  }

  async stop(): Promise<void> {
    await this.plane.stop();
    await this.lab.stop();
    const closed = new Promise((resolve) => this.#echo.close(resolve));
    for (const socket of this.forwarded) socket.destroy();
    await closed;
  }
}
