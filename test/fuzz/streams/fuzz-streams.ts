import { once } from 'node:events';
import { WebSocket } from 'ws';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger, type Logger } from '#core/kernel/logger.ts';
import { recordingLogger } from '#test/fixtures/recording-logger.ts';
import { SpdyClient } from '#test/fixtures/spdy-client.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { Choices } from '#test/fuzz/choices.ts';
import { heapUsed } from '#test/fuzz/heap.ts';
import { Stalls, type Stall } from '#test/fuzz/stalls.ts';
import { FuzzSession } from './session.ts';
import { StreamsWorld, type Door } from './streams-world.ts';

export interface StreamsFuzzOptions {
  readonly seed: number;
  readonly sessions: number;
  /** Clients at once; each session's choices are its own, so that one is repeated by its number. */
  readonly width?: number;
  /** Only this one. */
  readonly only?: number;
  progress?(done: number): void;
}

export interface StreamsFuzzReport {
  /** How often each HTTP status came. */
  readonly codes: ReadonlyMap<string, number>;
  /** Programs that were begun, and bytes that clients were sent. */
  readonly opened: number;
  readonly heard: number;
  /** What should not have happened, with the session; at most a hundred. */
  readonly faults: readonly string[];
  /** Bytes of JavaScript heap after a tenth of the sessions and at the end. */
  readonly heapEarly: number;
  readonly heapLate: number;
  /** The most that buffers outside of the heap took at any time, in bytes. */
  readonly buffersMost: number;
  readonly stalls: readonly Stall[];
}

const batch = 500;
/** Whatever a client leaves behind is gone by then: an agent that reads nothing asks whether its client is there, some seconds apart. */
const settledWithinMs = 30_000;

/** Clients that break the rules of WebSockets and of SPDY, at an API server and at the agent behind it, in this process: nobody else notices, and nothing of them stays. */
export async function fuzzStreams({ seed, sessions, width = 8, only, progress }: StreamsFuzzOptions): Promise<StreamsFuzzReport> {
  const recorder = recordingLogger();
  const logger: Logger = { ...silentLogger, error: recorder.error, with: () => logger };
  const world = await StreamsWorld.start(logger);
  const run = new Run(world, seed);
  try {
    await run.checkWell('before');
    if (only !== undefined) await run.alone(only);
    else await run.all(sessions, width, progress);
    const errors = recorder.lines.map(({ message, fields }) => `logged: ${message} ${String((fields['error'] as Error | undefined)?.stack)}`);
    return run.report(errors);
  } finally {
    run.end();
    // What hangs has been told as a fault, and must not keep it from being read.
    await Promise.race([world.stop(), systemClock.sleep(settledWithinMs)]);
  }
}

class Run {
  readonly #world: StreamsWorld;
  readonly #seed: number;
  readonly #codes = new Map<string, number>();
  readonly #faults: string[] = [];
  readonly #underWay = new Map<number, string>();
  readonly #stalls = new Stalls(() => [...this.#underWay].map(([index, name]) => `${index} ${name}`));
  readonly #looking: NodeJS.Timeout;
  #heard = 0;
  #next = 0;
  #heapEarly = 0;
  #buffersMost = 0;

  constructor(world: StreamsWorld, seed: number) {
    this.#world = world;
    this.#seed = seed;
    this.#looking = setInterval(() => {
      this.#buffersMost = Math.max(this.#buffersMost, process.memoryUsage().arrayBuffers);
    }, 20).unref();
  }

  async all(total: number, width: number, progress: StreamsFuzzOptions['progress']): Promise<void> {
    while (this.#next < total && this.#faults.length < 100) {
      const until = Math.min(total, this.#next + batch);
      await Promise.all(Array.from({ length: width }, async () => {
        while (this.#next < until) await this.#one(this.#next++);
      }));
      await this.#checkSettled();
      await this.checkWell(`after session ${this.#next}`);
      if (this.#heapEarly === 0 && this.#next >= total / 10) this.#heapEarly = heapUsed();
      if (this.#next % 1000 === 0) progress?.(this.#next);
    }
  }

  async alone(index: number): Promise<void> {
    this.#heapEarly = heapUsed();
    await this.#one(index);
    await this.#checkSettled();
    await this.checkWell('afterwards');
  }

  async #one(index: number): Promise<void> {
    const session = new FuzzSession(this.#world, new Choices(this.#seed * 1_000_003 + index), index);
    this.#underWay.set(index, session.name);
    try {
      const wrong = await session.run();
      if (wrong !== undefined) this.#faults.push(`session ${index}, ${session.name}: ${wrong}`);
    } catch (error) {
      this.#faults.push(`session ${index}, ${session.name}: ${error instanceof Error ? error.stack ?? error.message : String(error)}`);
    } finally {
      this.#underWay.delete(index);
    }
    const code = session.answer.slice(9, 12);
    this.#codes.set(code, (this.#codes.get(code) ?? 0) + 1);
    this.#heard += session.heard;
  }

  /** Somebody who keeps to the rules is served. */
  async checkWell(when: string): Promise<void> {
    for (const door of ['api', 'agent'] as const) {
      try {
        await this.#echoInWebSocket(door);
        await this.#echoInSpdy(door);
      } catch (error) {
        this.#faults.push(`${when} the ${door} serves no command: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  report(errors: readonly string[]): StreamsFuzzReport {
    return {
      codes: this.#codes, opened: this.#world.runtime.opened, heard: this.#heard, faults: [...this.#faults, ...errors].slice(0, 100),
      heapEarly: this.#heapEarly, heapLate: heapUsed(), buffersMost: this.#buffersMost, stalls: this.#stalls.longest,
    };
  }

  end(): void {
    this.#stalls.stop();
    clearInterval(this.#looking);
  }

  async #checkSettled(): Promise<void> {
    const { runtime, forwarded } = this.#world;
    let left = '';
    const isSettled = async (): Promise<boolean> => {
      const sessions = await this.#sessionsOfAgent();
      left = `programs [${[...runtime.open.values()].join(', ')}], ${forwarded.size} connections to the pod, ${sessions} sessions of the agent`;
      return runtime.open.size === 0 && forwarded.size === 0 && sessions === 0;
    };
    await eventually(isSettled, 'the end', settledWithinMs).catch(() => this.#faults.push(`after session ${this.#next} these stay: ${left}`));
  }

  async #sessionsOfAgent(): Promise<number> {
    const socket = await this.#world.connect('agent');
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await once(socket, 'end');
    socket.destroy();
    return Number(/^keelson_agent_sessions (\d+)/m.exec(text)?.[1] ?? NaN);
  }

  #path(door: Door): string {
    return this.#world.path(door, 'exec', new URLSearchParams({ stdin: 'true', stdout: 'true', command: 'echo' }));
  }

  async #echoInWebSocket(door: Door): Promise<void> {
    const { plane, lab } = this.#world;
    const origin = door === 'api' ? plane.server.url : `https://127.0.0.1:${lab.server.port}`;
    const socket = new WebSocket(`${origin.replace('https', 'wss')}${this.#path(door)}`, 'v5.channel.k8s.io', { rejectUnauthorized: false, cert: plane.pki.admin.cert, key: plane.pki.admin.key });
    let text = '';
    socket.on('message', (data: Buffer) => (text += data.toString('latin1')));
    await once(socket, 'open');
    socket.send(Buffer.from('\u0000hello'));
    socket.send(Buffer.from([255, 0]));
    await once(socket, 'close', { signal: AbortSignal.timeout(settledWithinMs) });
    if (!text.includes('\u0001hello') || !text.includes('"status":"Success"')) throw new Error(`by WebSocket it said ${JSON.stringify(text)}`);
  }

  async #echoInSpdy(door: Door): Promise<void> {
    const socket = await this.#world.connect(door);
    socket.write(`POST ${this.#path(door)} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n`);
    let head = Buffer.alloc(0);
    while (!head.includes('\r\n\r\n')) head = Buffer.concat([head, (await once(socket, 'data', { signal: AbortSignal.timeout(settledWithinMs) }) as [Buffer])[0]]);
    const client = new SpdyClient(socket);
    try {
      const errors = await client.open({ streamtype: 'error' });
      const stdin = await client.open({ streamtype: 'stdin' });
      const stdout = await client.open({ streamtype: 'stdout' });
      client.data(stdin, 'hello', true);
      await eventually(() => client.isOver(errors) && client.isOver(stdout), 'the end', settledWithinMs);
      if (client.said(stdout) !== 'hello') throw new Error(`by SPDY it said ${JSON.stringify(client.said(stdout))}`);
    } finally {
      client.destroy();
    }
  }
}
