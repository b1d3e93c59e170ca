import type { TLSSocket } from 'node:tls';
import type { Choices } from '#test/fuzz/choices.ts';
import { programs } from './fuzzed-runtime.ts';
import { SpdyFrames } from './spdy-frames.ts';
import type { Door, StreamsWorld, Task } from './streams-world.ts';
import { randomBytes, tunnelled, webSocketBytes } from './websocket-frames.ts';

type Framing = 'websocket' | 'spdy' | 'tunnel';

const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';
const terminalProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io', 'channel.k8s.io', 'base64.channel.k8s.io', '', 'v9.channel.k8s.io', 'v9.channel.k8s.io, v4.channel.k8s.io', 'x'.repeat(3000)];
const spdyProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io', '', 'v9.channel.k8s.io'];
const answerWithinMs = 5000;

/** One client that nearly keeps to a protocol, and how it went. */
export class FuzzSession {
  readonly name: string;
  readonly #world: StreamsWorld;
  readonly #choices: Choices;
  readonly #door: Door;
  readonly #task: Task;
  readonly #framing: Framing;
  readonly #query: URLSearchParams;
  /** What the answer begins with. */
  answer = '';
  heard = 0;

  /** @param index its number, by which its program is known */
  constructor(world: StreamsWorld, choices: Choices, index: number) {
    this.#world = world;
    this.#choices = choices;
    this.#door = choices.one(['api', 'agent']);
    this.#task = choices.one(['exec', 'exec', 'attach', 'portforward']);
    this.#framing = choices.one(this.#task === 'portforward' ? ['websocket', 'spdy', 'tunnel', 'tunnel'] : ['websocket', 'spdy']);
    this.#query = this.#queryOf(index);
    this.name = `${this.#task} in ${this.#framing} at the ${this.#door}, ?${String(this.#query).slice(0, 200)}`;
  }

  /** Resolves to what was wrong with the answers; undefined when nothing was. */
  async run(): Promise<string | undefined> {
    const socket = await this.#world.connect(this.#door);
    const answered = Promise.withResolvers<void>();
    socket.on('data', (chunk: Buffer) => {
      this.heard += chunk.length;
      if (this.answer.length < 2000) this.answer += chunk.toString('latin1');
      if (this.answer.includes('\r\n\r\n')) answered.resolve();
    });
    socket.on('end', () => answered.resolve()).on('close', () => answered.resolve());
    const late = setTimeout(() => answered.resolve(), answerWithinMs);
    this.#write(socket, Buffer.concat([this.#request(), ...(this.#choices.chance(0.1) ? [this.#bytes()()] : [])]));
    await answered.promise;
    clearTimeout(late);
    const [, code = ''] = /^HTTP\/1\.1 (\d{3}) /.exec(this.answer) ?? [];
    if (code === '101') await this.#talk(socket);
    socket.destroy();
    if (code === '') return `no answer within ${answerWithinMs / 1000} s: ${JSON.stringify(this.answer.slice(0, 200))}`;
    return Number(code) >= 500 ? `answered ${this.answer.slice(0, 500)}` : undefined;
  }

  async #talk(socket: TLSSocket): Promise<void> {
    const choices = this.#choices;
    // One in four is slow: it sends much and takes nothing.
    const isSlow = choices.chance(0.25);
    if (isSlow) socket.pause();
    const next = this.#bytes();
    for (let steps = choices.below(25); steps > 0 && !socket.destroyed && socket.writable; steps--) {
      const bytes = next();
      this.#write(socket, choices.chance(0.03) ? bytes.subarray(0, choices.below(bytes.length + 1)) : bytes);
      if (choices.chance(0.2)) await rest(choices.below(5));
    }
    if (choices.chance(0.3)) socket.end();
    await rest(isSlow ? 50 + choices.below(100) : choices.below(30));
  }

  #write(socket: TLSSocket, bytes: Buffer): void {
    if (socket.destroyed || !socket.writable) return;
    const size = this.#choices.chance(0.2) ? 1 + Math.ceil(bytes.length / 7) : bytes.length;
    for (let at = 0; at < bytes.length; at += size) socket.write(bytes.subarray(at, at + size));
  }

  /** What it says once they have agreed. */
  #bytes(): () => Buffer {
    const choices = this.#choices;
    if (choices.chance(0.03)) return () => randomBytes(choices, 1 + choices.below(2000));
    if (this.#framing === 'websocket') return () => webSocketBytes(choices);
    const frames = new SpdyFrames(choices, this.#streams());
    let hasBegun = choices.chance(0.05);
    const next = (): Buffer => {
      if (hasBegun) return frames.next();
      hasBegun = true;
      return frames.begin();
    };
    return this.#framing === 'spdy' ? next : () => tunnelled(next(), choices);
  }

  #streams(): readonly Readonly<Record<string, string>>[] {
    if (this.#task === 'portforward') {
      const port = String(this.#choices.chance(0.9) ? this.#world.port : 1);
      return [{ streamtype: 'error', port, requestid: '0' }, { streamtype: 'data', port, requestid: '0' }];
    }
    const asked = [['stdin', 'stdin'], ['stdout', 'stdout'], ['stderr', 'stderr'], ['tty', 'resize']].flatMap(([flag = '', type = '']) => (this.#query.get(flag) === 'true' ? [{ streamtype: type }] : []));
    return [{ streamtype: 'error' }, ...asked];
  }

  #queryOf(index: number): URLSearchParams {
    const choices = this.#choices;
    const query = new URLSearchParams();
    if (this.#task === 'portforward') {
      if (this.#framing === 'websocket') query.append('ports', String(choices.chance(0.9) ? this.#world.port : choices.one([1, 0, 70_000])));
      return query;
    }
    for (const flag of ['stdin', 'stdout', 'stderr', 'tty']) if (choices.chance(flag === 'tty' ? 0.2 : 0.8)) query.append(flag, 'true');
    if (query.get('tty') === 'true') query.delete('stderr');
    if (this.#task === 'exec') for (const word of [choices.one(programs), `#${index}`]) query.append('command', word);
    return query;
  }

  #request(): Buffer {
    const choices = this.#choices;
    const protocol = this.#task === 'portforward' ? choices.one(['v4.channel.k8s.io', 'v4.base64.channel.k8s.io', '']) : choices.one(terminalProtocols);
    const headers: string[] = ['Host: x', 'Connection: Upgrade'];
    if (this.#framing === 'spdy') {
      const spoken = this.#task === 'portforward' ? 'portforward.k8s.io' : choices.one(spdyProtocols);
      headers.push('Upgrade: SPDY/3.1', ...(spoken === '' ? [] : [`X-Stream-Protocol-Version: ${spoken}`]));
    } else {
      const spoken = this.#framing === 'tunnel' ? tunnelProtocol : protocol;
      headers.push('Upgrade: websocket', `Sec-WebSocket-Version: ${choices.chance(0.97) ? 13 : 7}`, `Sec-WebSocket-Key: ${choices.chance(0.97) ? 'dGhlIHNhbXBsZSBub25jZQ==' : 'x'}`, ...(spoken === '' ? [] : [`Sec-WebSocket-Protocol: ${spoken}`]));
    }
    const method = this.#framing === 'spdy' ? 'POST' : 'GET';
    return Buffer.from(`${method} ${this.#world.path(this.#door, this.#task, this.#query)} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`, 'latin1');
  }
}

const rest = (ms: number): Promise<void> => new Promise((resolve) => {
  setTimeout(resolve, ms);
});
