import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { ProviderErrorReason } from '#core/spi/errors.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { AttachmentNode, CreateVolumeRequest, NodeVolumeDriver, Volume, VolumeDriver, VolumeUse } from '#core/spi/volume-driver.ts';
import { skipBecause } from '#test/fixtures/requires.ts';

/** What a driver's author hands to the kit: a driver of a fresh, empty platform. */
export interface VolumeDriverUnderTest {
  readonly driver: VolumeDriver;
  /** The node's side, where this machine can run it. */
  readonly node?: NodeVolumeDriver | undefined;
  /** Why there is no `node`. */
  readonly nodeMissing?: string | undefined;
  /** Why this machine cannot grow a file system that is mounted. */
  readonly growthMissing?: string | undefined;
  /** Class parameters with which volumes are made. None when undefined. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Others, valid too, that make another kind of volume. */
  readonly otherParameters?: Readonly<Record<string, string>>;
  /** Size of the volumes, in bytes: one that the platform can give exactly. 16 MiB when undefined. */
  readonly size?: bigint;
  /** More bytes than the platform has. */
  readonly tooLarge?: bigint;
  /** Where volumes are asked to be reachable from. */
  readonly topology?: CreateVolumeRequest['topology'];
  /** Two or more machines of the platform; for drivers that attach. */
  readonly nodes?: readonly AttachmentNode[];
  /** One of which the platform surely says that it is not there. */
  readonly missingNode?: AttachmentNode;
  /** How many volumes one of `nodes` takes, when that is few. */
  readonly attachLimit?: number;
  /** Names of the nodes whose machines really have the volume, seen past the driver. */
  holders?(volumeId: string): Promise<readonly string[]>;
  /** The ids of the volumes that really exist, seen past the driver, half-made ones too. */
  volumes?(): Promise<readonly string[]>;
  /** The bytes that a volume really holds, seen past the driver. */
  sizeOf?(volumeId: string): Promise<bigint>;
  /** Parameters of a VolumeAttributesClass, each other than what `parameters` make; for drivers that modify. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Those of another class: the same keys, each with another value. */
  readonly otherAttributes?: Readonly<Record<string, string>>;
  /** What a volume really has of the keys of `attributes`, seen past the driver. */
  attributesOf?(volumeId: string): Promise<Readonly<Record<string, string>>>;
  /** Parameters of a VolumeSnapshotClass. None when undefined. */
  readonly snapshotParameters?: Readonly<Record<string, string>>;
  /** The ids of the snapshots that really exist, seen past the driver, half-made ones too. */
  snapshots?(): Promise<readonly string[]>;
  /** Lets the platform's time pass: what it works at gets done, and volumes that were changed lately may be changed again. */
  pass?(): Promise<void>;
  /** Called once, also after failures; leaves nothing of the platform. */
  cleanup(): Promise<void>;
}

export const never: AbortSignal = new AbortController().signal;

export const filesystemUse: VolumeUse = { accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem', mountOptions: [] };

/** Names outside the syntax of names, each dangerous to a driver that pastes it into a path, a command or a table. */
export const hostileNames: readonly string[] = [
  '', '.', '..', '../../etc', '/etc', 'a/b', 'pvc-a/../b', 'pvc-a\0b', 'pvc-a\n', 'pvc-$(id)', 'pvc-a;b', 'pvc-%2e%2e', 'pvc-é', '*', '__proto__', 'x'.repeat(300),
];

/** Ids that no driver gives. */
export const hostileIds: readonly string[] = [...hostileNames, '--help', 'constructor'];

/** A driver under test, with what checks need to ask of it. */
export class Subject {
  readonly given: VolumeDriverUnderTest;
  readonly driver: VolumeDriver;
  readonly size: bigint;

  constructor(given: VolumeDriverUnderTest) {
    this.given = given;
    this.driver = given.driver;
    this.size = given.size ?? 16n * 1024n * 1024n;
  }

  request(change: Partial<CreateVolumeRequest> = {}): CreateVolumeRequest {
    const uid = randomUUID();
    const { topology } = this.given;
    return {
      name: `pvc-${uid}`, owner: { namespace: 'default', name: 'claim', uid }, provisioner: this.driver.name,
      capacity: { required: this.size }, parameters: this.given.parameters ?? {}, use: filesystemUse,
      ...(topology === undefined ? {} : { topology }), ...change,
    };
  }

  create(request: CreateVolumeRequest = this.request()): Promise<Volume> {
    return this.driver.create(request, never);
  }

  delete(id: string): Promise<void> {
    return this.driver.delete(id, never);
  }

  /** Where the platform cannot be seen past the driver, nothing is checked. */
  async expectOnly(...volumes: readonly Volume[]): Promise<void> {
    const there = await this.given.volumes?.();
    if (there !== undefined) expect([...there].sort(), 'the volumes that exist').to.deep.equal(volumes.map(({ id }) => id).sort());
  }
}

export async function expectFailure(promise: Promise<unknown>, ...reasons: readonly ProviderErrorReason[]): Promise<ProviderError> {
  const outcome = await promise.then((value) => ({ value }), (error: unknown) => ({ error }));
  if (!('error' in outcome)) throw new Error(`expected ${reasons.join(' or ')}, but it resolved to ${JSON.stringify(outcome.value, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))}`);
  if (!ProviderError.is(outcome.error)) throw new Error(`expected a ProviderError ${reasons.join(' or ')}`, { cause: outcome.error });
  expect(reasons, outcome.error.message).to.include(outcome.error.reason);
  expect(outcome.error.message.trim(), 'the message of the error').not.to.equal('');
  return outcome.error;
}

/** Defines checks, each with a driver of its own. */
export class Checks {
  readonly #make: () => Promise<VolumeDriverUnderTest>;
  readonly #skip: Readonly<Record<string, string>>;
  readonly #titles = new Set<string>();

  constructor(make: () => Promise<VolumeDriverUnderTest>, skip: Readonly<Record<string, string>>) {
    this.#make = make;
    this.#skip = skip;
  }

  /** `check` gets a function that skips the rest with a reason. */
  define(title: string, check: (subject: Subject, skip: (reason: string) => never) => Promise<void>): void {
    this.#titles.add(title);
    const reason = this.#skip[title];
    if (reason !== undefined) {
      it(`${title} (skipped: ${reason})`);
      return;
    }
    const make = this.#make;
    it(title, async function () {
      const given = await make();
      try {
        await check(new Subject(given), (why) => skipBecause(this, why));
      } finally {
        await given.cleanup();
      }
    }).timeout(120_000);
  }

  expectAllSkipsKnown(): void {
    const unknown = Object.keys(this.#skip).filter((title) => !this.#titles.has(title));
    if (unknown.length > 0) throw new Error(`the kit has no checks of these titles: ${unknown.join('; ')}`);
  }
}
