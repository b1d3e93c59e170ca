import type { Readable } from 'node:stream';
import type { LogLine, LogOptions } from '#core/spi/container-runtime.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { Engine } from './engine.ts';
import { toProviderError } from './failures.ts';
import type { Inspections } from './inspections.ts';
import { framedLines, terminalLines } from './log-lines.ts';

/** What a container has written, from the engine's own files. */
export class DockerLogs {
  readonly #engine: Engine;
  readonly #inspections: Inspections;

  constructor(engine: Engine, inspections: Inspections) {
    this.#engine = engine;
    this.#inspections = inspections;
  }

  async *logs(id: string, options: LogOptions, signal: AbortSignal): AsyncGenerator<LogLine> {
    const what = `cannot read the log of container ${id}`;
    if (signal.aborted) return;
    const container = await this.#inspections.find(id, 'container', signal);
    if (container === undefined) throw new ProviderError('NotFound', `${what}: there is no such container`);
    const stream = await this.#open(id, what, options, signal);
    try {
      yield* (container.tty ? terminalLines : framedLines)(stream);
    } catch (error) {
      if (!signal.aborted) throw toProviderError(error, what);
    } finally {
      stream.destroy();
    }
  }

  #open(id: string, what: string, { follow, tailLines, since }: LogOptions, signal: AbortSignal): Promise<Readable> {
    const query = {
      follow, stdout: true, stderr: true, timestamps: true, tail: tailLines === undefined ? 'all' : String(tailLines),
      ...(since === undefined ? {} : { since: seconds(since) }),
    };
    // dockerode gives a stream only to who follows, and otherwise the whole log at once: what the engine is asked is in `_query`.
    const options = { follow: true as const, _query: query };
    return this.#engine.call(what, signal, (docker, abort) => docker.getContainer(id).logs({ ...options, ...abort }) as Promise<Readable>);
  }
}

/** As the engine reads a moment: seconds with nine digits after the point. */
const seconds = (ms: number): string => `${Math.floor(ms / 1000)}.${String(Math.floor(ms % 1000)).padStart(3, '0')}000000`;
