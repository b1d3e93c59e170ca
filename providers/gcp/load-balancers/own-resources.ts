import { ProviderError } from '#core/spi/errors.ts';
import type { ChangeableKind, Kind } from './kinds.ts';
import { isSameMark, markOf, type Mark } from './mark.ts';

interface Resource {
  readonly name?: string | null;
  readonly description?: string | null;
}

/** What a resource is to be, and how it comes to be it. */
export interface Wanted<T> {
  readonly wanted: T;
  readonly mark: Mark;
  /** As read already; undefined: nothing was there, or nobody looked. */
  readonly found: T | undefined;
  readonly isSame: (found: T, wanted: T) => boolean;
  /** What is sent to change it; `wanted` by default. */
  readonly changeOf?: (found: T) => T;
}

/** Makes, changes and removes what carries a mark, and keeps off everything else. */
export class OwnResources {
  /** What may be about to appear: the answer to its making was lost. */
  readonly #uncertain = new Set<string>();

  /** @throws {ProviderError} AlreadyExists when it is somebody else's */
  async get<T extends Resource>(kind: Kind<T>, name: string, mark: Mark, signal: AbortSignal): Promise<T | undefined> {
    const found = await kind.get(name, signal);
    if (found === undefined || isSameMark(markOf(found.description), mark)) return found;
    throw new ProviderError('AlreadyExists', `a ${kind.noun} has the name ${name}, and its description does not say that it is this load balancer's`);
  }

  /** What was there already; undefined when it was made. */
  async make<T extends Resource>(kind: Kind<T>, resource: T, mark: Mark, signal: AbortSignal): Promise<T | undefined> {
    const name = resource.name ?? '';
    const key = `${kind.noun} ${name}`;
    const wasUncertain = this.#uncertain.has(key);
    this.#uncertain.add(key);
    try {
      await kind.insert(resource, signal);
      this.#uncertain.delete(key);
      return undefined;
    } catch (error) {
      if (!wasUncertain && ProviderError.leftNothing(error)) this.#uncertain.delete(key);
      if (!ProviderError.is(error, 'AlreadyExists')) throw error;
    }
    const found = await this.get(kind, name, mark, signal);
    // Somebody is making or deleting it at this moment.
    if (found === undefined) throw new ProviderError('Unavailable', `the ${kind.noun} ${name} comes or goes at this moment`);
    return found;
  }

  /** What it was before, when it was there. */
  async bring<T extends Resource>(kind: ChangeableKind<T>, { wanted, mark, found, isSame, changeOf = () => wanted }: Wanted<T>, signal: AbortSignal): Promise<T | undefined> {
    const current = found ?? await this.make(kind, wanted, mark, signal);
    if (current !== undefined && !isSame(current, wanted)) await kind.change(wanted.name ?? '', changeOf(current), signal);
    return current;
  }

  /** Resolves when there is none that carries the mark. */
  async remove<T extends Resource>(kind: Kind<T>, name: string, mark: Mark, signal: AbortSignal): Promise<void> {
    const key = `${kind.noun} ${name}`;
    const found = await kind.get(name, signal);
    if (found === undefined ? !this.#uncertain.has(key) : !isSameMark(markOf(found.description), mark)) return;
    await kind.delete(name, signal);
    this.#uncertain.delete(key);
  }
}
