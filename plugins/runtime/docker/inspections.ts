import type { ContainerInfo } from 'dockerode';
import { ProviderError } from '#core/spi/errors.ts';
import type { Engine } from './engine.ts';
import { statusOf } from './failures.ts';
import { type Inspected, inspectedOf } from './inspected.ts';
import { type Kind, label, type Marks } from './marks.ts';
import { sideBySide } from './side-by-side.ts';

const atOnce = 16;

/** Below what the engine calls a minute. */
const freshMs = 50_000;

interface Remembered {
  readonly status: string;
  readonly seenAt: number;
  readonly inspected: Inspected;
}

/**
 * What the engine knows of this agent's containers.
 *
 * The engine's list says little, and asking for each container costs about a millisecond. The list has a text, however, such as `Up 5 minutes`, that
 * starts from seconds again whenever the container does: so a container whose text is the same as a moment ago, and speaks of no seconds, is not asked for again.
 */
export class Inspections {
  readonly #engine: Engine;
  readonly #marks: Marks;
  #remembered = new Map<string, Remembered>();

  constructor(engine: Engine, marks: Marks) {
    this.#engine = engine;
    this.#marks = marks;
  }

  /** All of this agent's containers of the kind, ended ones too; `labels` narrow it. */
  async list(kind: Kind, signal: AbortSignal, ...labels: readonly string[]): Promise<readonly Inspected[]> {
    const filters = { label: this.#marks.filter(`${label.kind}=${kind}`, ...labels) };
    const listed = await this.#engine.call('cannot list containers', signal, (docker, abort) => docker.listContainers({ all: true, filters, ...abort }));
    const now = this.#engine.clock.now();
    const seen = await sideBySide(listed, atOnce, (info) => this.#remember(info, now, signal));
    this.#forget(now);
    return seen.filter((each) => each !== undefined).filter(({ labels: own }) => this.#marks.owns(own, kind));
  }

  /** Undefined when there is none, or it is not this agent's. */
  async find(id: string, kind: Kind, signal: AbortSignal): Promise<Inspected | undefined> {
    if (!/^[0-9a-f]{12,64}$/.test(id)) return undefined;
    const seen = await this.inspect(id, signal);
    return seen !== undefined && this.#marks.owns(seen.labels, kind) ? seen : undefined;
  }

  /** Anybody's container, by its id or name. */
  async inspect(idOrName: string, signal: AbortSignal): Promise<Inspected | undefined> {
    try {
      return inspectedOf(await this.#engine.call(`cannot inspect container ${idOrName}`, signal, (docker, abort) => docker.getContainer(idOrName).inspect(abort)));
    } catch (error) {
      if (ProviderError.is(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async #remember({ Id: id, Status: status }: ContainerInfo, now: number, signal: AbortSignal): Promise<Inspected | undefined> {
    const known = this.#remembered.get(id);
    const same = known !== undefined && known.status === status && now - known.seenAt < freshMs;
    const inspected = same ? known.inspected : await this.inspect(id, signal);
    if (inspected === undefined || status === 'Created' || /second/.test(status)) this.#remembered.delete(id);
    else this.#remembered.set(id, { status, seenAt: now, inspected });
    return inspected;
  }

  #forget(now: number): void {
    for (const [id, { seenAt }] of this.#remembered) if (now - seenAt >= freshMs) this.#remembered.delete(id);
  }
}

/** The engine refused with this status. */
export const refusedWith = (error: unknown, status: number): boolean => ProviderError.is(error) && statusOf(error.cause) === status;
