import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { StatusError } from '#core/api/status-error.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Container, ContainerStreams } from '#core/spi/container-runtime.ts';
import { PlainError } from '#core/agent/server/plain-error.ts';
import type { PodDirectory } from '#core/agent/server/pod-directory.ts';
import type { LogQuery } from './log-query.ts';
import { LogText } from './log-text.ts';
import { noLog } from './no-log.ts';

/** A log that says nothing yet begins after so long, in milliseconds; until then the runtime may still refuse. */
const beginsWithinMs = 200;

/** Finds containers and writes their logs. */
export class ContainerLogs {
  readonly #directory: PodDirectory;
  readonly #runtime: Pick<ContainerStreams, 'logs'>;
  readonly #clock: Clock;

  constructor(directory: PodDirectory, runtime: Pick<ContainerStreams, 'logs'>, clock: Clock) {
    this.#directory = directory;
    this.#runtime = runtime;
    this.#clock = clock;
  }

  /** Resolves when the log is over, or its reader has left. @throws {PlainError} before anything is written; any other error breaks the answer off */
  async write(target: { readonly namespace: string; readonly pod: string; readonly container: string }, query: LogQuery, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const pod = this.#directory.pod(target.namespace, target.pod);
    if (pod === undefined) throw new PlainError(404, `pod ${JSON.stringify(target.pod)} does not exist`);
    const { id } = await this.#find(pod, target.container, query.previous, signal);
    const { follow, tailLines, since } = query;
    const lines = this.#runtime.logs(id, { follow, ...(tailLines === undefined ? {} : { tailLines }), ...(since === undefined ? {} : { since }) }, signal);
    await this.#pass(lines, new LogText(query), response, signal);
  }

  async #find(pod: Pod, name: string, previous: boolean, signal: AbortSignal): Promise<Container> {
    let container: Container | undefined;
    try {
      container = await this.#directory.container(pod.metadata.uid ?? '', name, { previous }, signal);
    } catch (error) {
      if (!StatusError.is(error, 'NotFound', 'BadRequest')) throw error;
      throw new PlainError(404, `container ${JSON.stringify(name)} not found in pod ${JSON.stringify(pod.metadata.name)}`, { cause: error });
    }
    if (container === undefined || container.state === 'Created') throw noLog(pod, name, previous);
    return container;
  }

  async #pass(lines: AsyncIterable<Parameters<LogText['of']>[0]>, text: LogText, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const begin = (): void => {
      if (response.headersSent || response.destroyed) return;
      response.writeHead(200, { 'Content-Type': 'text/plain' });
      response.flushHeaders();
    };
    const stop = this.#clock.after(beginsWithinMs, begin);
    try {
      for await (const line of lines) {
        begin();
        await put(response, text.of(line), signal);
        if (text.isComplete || signal.aborted) break;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (response.headersSent) throw error;
      throw new PlainError(400, error instanceof Error ? error.message : String(error), { cause: error });
    } finally {
      stop();
    }
    begin();
    // Node would write the end before what is held back.
    while (response.writableCorked > 0) response.uncork();
    response.end();
  }
}

/** Lines that come together go out together. */
async function put(response: ServerResponse, bytes: Buffer, signal: AbortSignal): Promise<void> {
  if (bytes.length === 0) return;
  if (response.writableCorked === 0) {
    response.cork();
    setImmediate(() => {
      if (response.writableCorked > 0) response.uncork();
    });
  }
  if (response.write(bytes)) return;
  await once(response, 'drain', { signal }).catch(() => undefined);
}
