import type { Machine } from '#core/agent/node/machine.ts';
import { within } from '#core/agent/node/deadline.ts';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { ContainerRuntime, RuntimeImage } from '#core/spi/container-runtime.ts';
import { ProviderError } from '#core/spi/errors.ts';

export interface ImageCollectorOptions {
  readonly runtime: Pick<ContainerRuntime, 'listImages' | 'listContainers' | 'removeImage' | 'imageFileSystem'>;
  readonly machine: Machine;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly recorder: EventRecorder;
  readonly node: () => Node | undefined;
  /** Percent of the file system at which images are removed, and down to which; 85 and 80 by default. */
  readonly high?: number;
  readonly low?: number;
  /** Images that have been known for less than this stay; two minutes by default. */
  readonly minAgeMs?: number;
  /** Images that stay besides those in use. */
  readonly keep?: (image: RuntimeImage) => boolean;
}

interface Known {
  readonly since: number;
  usedAt: number;
}

const lookMs = 300_000;
const answerMs = 60_000;

/**
 * Removes images that no container uses when the disk fills up, the longest unused first. Images that no registry gave (built or imported
 * on this machine) are never removed: nobody could bring them back. The sandbox image is one of those.
 */
export class ImageCollector implements Component {
  readonly name = 'image collector';
  readonly #options: ImageCollectorOptions;
  readonly #known = new Map<string, Known>();
  readonly #end = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: ImageCollectorOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#running = this.#run(this.#end.signal);
  }

  async stop(): Promise<void> {
    this.#end.abort(new Error('the agent stops'));
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, logger, recorder, node } = this.#options;
    while (!signal.aborted) {
      try {
        await this.look(signal);
      } catch (error) {
        if (signal.aborted) return;
        const about = node();
        logger.warn('images could not be collected', { error });
        if (about !== undefined) recorder.warning(about, 'ImageGCFailed', error instanceof Error ? error.message : String(error));
      }
      await clock.sleep(lookMs, signal).catch(() => undefined);
    }
  }

  /** Notes which images are in use, and removes some when the disk is fuller than it should be. */
  async look(signal: AbortSignal): Promise<void> {
    const { machine, high = 85, low = 80, recorder, node } = this.#options;
    const [images, path] = await Promise.all([this.#note(signal), this.#ask(signal, (limited) => this.#options.runtime.imageFileSystem(limited))]);
    const { capacity, available } = await machine.fileSystem(path);
    if (capacity === 0n) throw new Error(`the file system of the images, ${path}, has no size`);
    const used = 100 - Number((available * 100n) / capacity);
    if (used < high) return;
    const wanted = (capacity * BigInt(100 - low)) / 100n - available;
    const freed = await this.#free(images, wanted, signal);
    const about = node();
    if (freed < wanted && about !== undefined) {
      recorder.warning(about, 'FreeDiskSpaceFailed', `Failed to garbage collect required amount of images. Attempted to free ${wanted} bytes, but only found ${freed} bytes eligible to free.`);
    }
  }

  /** Removes all that may go, whatever the disk says. */
  async removeUnused(signal: AbortSignal): Promise<void> {
    await this.#free(await this.#note(signal), undefined, signal);
  }

  async #note(signal: AbortSignal): Promise<readonly RuntimeImage[]> {
    const { runtime, clock } = this.#options;
    const [images, containers] = await Promise.all([this.#ask(signal, (limited) => runtime.listImages(limited)), this.#ask(signal, (limited) => runtime.listContainers(limited))]);
    const now = clock.now();
    const inUse = new Set(containers.map(({ imageId }) => imageId));
    const there = new Set(images.map(({ id }) => id));
    for (const id of this.#known.keys()) if (!there.has(id)) this.#known.delete(id);
    for (const { id } of images) {
      const known = this.#known.get(id) ?? { since: now, usedAt: 0 };
      if (inUse.has(id)) known.usedAt = now;
      this.#known.set(id, known);
    }
    return images.filter(({ id }) => !inUse.has(id));
  }

  /** Bytes that were freed; `wanted` undefined removes all. */
  async #free(unused: readonly RuntimeImage[], wanted: bigint | undefined, signal: AbortSignal): Promise<bigint> {
    const { runtime, clock, logger, minAgeMs = 120_000, keep } = this.#options;
    const known = ({ id }: RuntimeImage): Known => this.#known.get(id) ?? { since: clock.now(), usedAt: 0 };
    const candidates = unused.filter((image) => image.digests.length > 0 && keep?.(image) !== true && clock.now() - known(image).since >= minAgeMs)
      .toSorted((a, b) => known(a).usedAt - known(b).usedAt || known(a).since - known(b).since);
    let freed = 0n;
    for (const image of candidates) {
      if (wanted !== undefined && freed >= wanted) break;
      try {
        // A container may have been made of it meanwhile: the runtime refuses then.
        await this.#ask(signal, (limited) => runtime.removeImage(image.id, limited));
        freed += BigInt(image.size);
        this.#known.delete(image.id);
        logger.info('removed an image that nothing used', { image: image.tags[0] ?? image.digests[0] ?? image.id, bytes: image.size });
      } catch (error) {
        signal.throwIfAborted();
        // A container of another node on this engine, or of somebody else, uses it.
        if (ProviderError.is(error, 'Unavailable')) logger.debug('an image is in use', { image: image.id, error });
        else logger.warn('an image could not be removed', { image: image.id, error });
      }
    }
    return freed;
  }

  #ask<T>(signal: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return within(this.#options.clock, answerMs, signal, 'the container runtime', call);
  }
}
