import { ProviderError } from '#core/spi/errors.ts';
import type { AttachmentNode, AttachOptions } from '#core/spi/volume-driver.ts';
import type { GcpContext } from '#providers/gcp/context.ts';
import { gcpCode } from '#providers/gcp/errors.ts';
import type { Disks, FoundDisk } from './disks.ts';
import { Doubts } from './doubts.ts';
import { isForced } from './existing-disk.ts';
import { handleOf, handlesOf, instanceId, isMultiZone, isSameDisk, lacksProject, parseHandle, parseInstance, type DiskPlace, type InstancePlace } from './handles.ts';
import { KeyedLock } from '#core/kernel/keyed-lock.ts';
import type { AttachedDisk, Machines } from './machines.ts';
import { Patience } from './patience.ts';
import { quoted } from './refusal.ts';

/** How long what lists show may be out of date, with room to spare. */
const lateMs = 10_000;
/** More instances than this are listed; fewer are asked about one by one. */
const fewInstances = 2;
const asksAtOnce = 20;

/** A disk for one machine at a time is in use, by this machine or by another. */
const inUse = /^resource_?in_?use/i;
/** The device's name is taken, maybe by the very disk; or is not there to be detached. */
const deviceTaken = /device ?name|already attached|INVALID_USAGE/i;

/** Connects disks to instances. The device is called as the disk. */
export class Attachments {
  readonly #context: GcpContext;
  readonly #disks: Disks;
  readonly #machines: Machines;
  readonly #lock = new KeyedLock();
  /** By the name of the disk and the id of the instance, with the disk's handle. */
  readonly #doubts: Doubts<'attach' | 'detach'>;
  /** When something was changed last at an instance, by its id. */
  readonly #changed = new Map<string, number>();

  constructor(context: GcpContext, disks: Disks, machines: Machines) {
    this.#context = context;
    this.#disks = disks;
    this.#machines = machines;
    this.#doubts = new Doubts(context.clock);
  }

  async attach(volumeId: string, node: AttachmentNode, { readOnly, use }: AttachOptions, signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
    const instance = parseInstance(node);
    const disk = await this.#diskFor(volumeId, instance, signal);
    if (disk === undefined) throw new ProviderError('NotFound', `there is no disk ${quoted(volumeId)}`);
    if (instance === undefined) throw new ProviderError('NotFound', `node ${node.name} is no instance of Compute Engine: its id is ${quoted(node.nodeId)}`);
    const isReadOnly = readOnly || (use.accessModes.length > 0 && use.accessModes.every((mode) => mode === 'ReadOnlyMany'));
    const wanted: AttachedDisk = { source: handleOf(disk), deviceName: disk.name, isReadOnly };
    return this.#lock.run(disk.name, signal, async () => {
      const key = keyOf(disk, instance);
      // What is on its way out would be taken for what was asked for.
      if (this.#doubts.has(key, 'detach')) await this.#takeAway(disk, instance, signal);
      const deviceName = await this.#attach(key, disk, instance, wanted, signal);
      this.#note(instance);
      return { deviceName };
    });
  }

  async detach(volumeId: string, node: AttachmentNode, signal: AbortSignal): Promise<void> {
    const said = parseHandle(volumeId);
    const instance = parseInstance(node);
    if (said === undefined || instance === undefined) return;
    const place = isMultiZone(said) ? { ...said, place: instance.zone } : said;
    const disk = lacksProject(place) ? { ...place, project: instance.project } : place;
    // Without its zone or region a disk is the one of that name which the instance has.
    await this.#lock.run(disk.name, signal, () => this.#takeAway(disk, instance, signal));
    this.#note(instance);
  }

  async attachedVolumes(nodes: readonly AttachmentNode[], signal: AbortSignal): Promise<ReadonlyMap<string, readonly string[]>> {
    const places = nodes.map((node) => [node.name, parseInstance(node)] as const);
    const instances = places.flatMap(([, instance]) => (instance === undefined ? [] : [instance]));
    const known = await this.#disksOf(instances, signal);
    const onTheirWay = this.#doubts.of('attach');
    const answer = new Map<string, readonly string[]>();
    for (const [name, instance] of places) {
      // Of what is no instance nobody here can say that it is gone.
      const disks = instance === undefined ? [] : known.get(instanceId(instance));
      if (disks === undefined) continue;
      const ids = disks.map(({ source }) => parseHandle(source)).flatMap((disk) => (disk === undefined ? [] : handlesOf(disk)));
      const coming = instance === undefined ? [] : onTheirWay.filter(([key]) => key.endsWith(` ${instanceId(instance)}`)).map(([, handle]) => handle);
      answer.set(name, [...new Set([...ids, ...coming])]);
    }
    return answer;
  }

  /** The zone of a disk that is in every one of them is the machine's. */
  async #diskFor(volumeId: string, instance: InstancePlace | undefined, signal: AbortSignal): Promise<DiskPlace | undefined> {
    const disk = await this.#disks.resolve(volumeId, signal);
    return disk !== undefined && isMultiZone(disk) && instance !== undefined ? { ...disk, place: instance.zone } : disk;
  }

  /** Asks first, and looks only after a refusal: mostly nobody has the disk. */
  async #attach(key: string, disk: DiskPlace, instance: InstancePlace, wanted: AttachedDisk, signal: AbortSignal): Promise<string> {
    try {
      await this.#doubts.during(key, 'attach', () => this.#machines.attach(instance, wanted, false, signal), wanted.source);
      return wanted.deviceName;
    } catch (error) {
      if (!isTaken(error)) throw error;
      const found = await this.#disks.get(disk, signal);
      if (found === undefined) throw new ProviderError('NotFound', `there is no disk ${wanted.source}`, { cause: error });
      if (!found.users.includes(instanceId(instance))) return this.#attachForced(key, found, instance, wanted, { error, signal });
      const has = (await this.#machines.disksOf(instance, signal))?.find(({ source }) => source === wanted.source);
      if (has === undefined) throw new ProviderError('Unavailable', `disk ${wanted.source} is being attached to ${instanceId(instance)}, or taken from it`, { cause: error });
      this.#doubts.end(key);
      if (has.isReadOnly && !wanted.isReadOnly) throw new ProviderError('Unavailable', `disk ${wanted.source} is attached to ${instanceId(instance)} for reading only`, { cause: error });
      return has.deviceName;
    }
  }

  /** From a machine of a zone that failed, where the class wants that. */
  async #attachForced(key: string, disk: FoundDisk, instance: InstancePlace, wanted: AttachedDisk, refused: { readonly error: unknown; readonly signal: AbortSignal }): Promise<string> {
    const { error, signal } = refused;
    const [holder] = disk.users;
    // Somebody has let go of it in between, or another disk has the device's name: neither is so for ever.
    if (holder === undefined) throw new ProviderError('Unavailable', error instanceof Error ? error.message : String(error), { cause: error });
    if (!isForced(disk)) throw new ProviderError('Unavailable', `disk ${wanted.source} is attached to ${disk.users.join(', ')}`, { cause: error });
    this.#context.log.warn('a disk is taken from the instance that has it, as its class says', { disk: wanted.source, from: holder, to: instanceId(instance) });
    await this.#doubts.during(key, 'attach', () => this.#machines.attach(instance, wanted, true, signal), wanted.source);
    return wanted.deviceName;
  }

  async #takeAway(disk: DiskPlace, instance: InstancePlace, signal: AbortSignal): Promise<void> {
    const key = keyOf(disk, instance);
    for (const patience = new Patience(this.#context.clock); ; await patience.pause(signal)) {
      const has = await this.#has(disk, instance, signal);
      if (has === 'nothing') return this.#doubts.end(key);
      if (patience.isOver) throw new ProviderError('Unavailable', `disk ${handleOf(disk)} is ${has === 'coming' ? 'being attached to' : 'attached to'} ${instanceId(instance)} still`);
      if (has === 'coming') continue;
      try {
        return await this.#doubts.during(key, 'detach', () => this.#machines.detach(instance, has.deviceName, signal));
      } catch (error) {
        // Somebody else took it away, or the instance is gone.
        if (!ProviderError.is(error, 'NotFound') && !isTaken(error)) throw error;
      }
    }
  }

  async #has(disk: DiskPlace, instance: InstancePlace, signal: AbortSignal): Promise<AttachedDisk | 'nothing' | 'coming'> {
    const has = await this.#look(disk, instance, signal);
    if (has !== undefined) return has;
    await this.#doubts.settled(keyOf(disk, instance), signal);
    if (await this.#machines.isAttaching(instance, signal)) return 'coming';
    return (await this.#look(disk, instance, signal)) ?? 'nothing';
  }

  /** Undefined when the instance does not have it at this moment; nothing where there is no such instance. */
  async #look(disk: DiskPlace, instance: InstancePlace, signal: AbortSignal): Promise<AttachedDisk | 'nothing' | undefined> {
    const disks = await this.#machines.disksOf(instance, signal);
    return disks === undefined ? 'nothing' : disks.find(({ source }) => isSameDisk(parseHandle(source), disk));
  }

  async #disksOf(instances: readonly InstancePlace[], signal: AbortSignal): Promise<ReadonlyMap<string, readonly AttachedDisk[]>> {
    const now = this.#context.clock.now();
    for (const [id, at] of this.#changed) if (now - at > lateMs) this.#changed.delete(id);
    const calm = instances.filter((instance) => !this.#changed.has(instanceId(instance)));
    const known = new Map<string, readonly AttachedDisk[]>();
    if (calm.length > fewInstances) {
      for (const [project, some] of Map.groupBy(calm, (instance) => instance.project)) {
        for (const [id, disks] of await this.#machines.list(project, some, signal)) known.set(id, disks);
      }
    }
    const unknown = [...new Map(instances.map((instance) => [instanceId(instance), instance])).values()].filter((instance) => !known.has(instanceId(instance)));
    for (let start = 0; start < unknown.length; start += asksAtOnce) {
      await Promise.all(unknown.slice(start, start + asksAtOnce).map(async (instance) => {
        const disks = await this.#machines.disksOf(instance, signal);
        if (disks !== undefined) known.set(instanceId(instance), disks);
      }));
    }
    return known;
  }

  #note(instance: InstancePlace): void {
    this.#changed.set(instanceId(instance), this.#context.clock.now());
  }
}

const keyOf = (disk: DiskPlace, instance: InstancePlace): string => `${disk.name} ${instanceId(instance)}`;

const isTaken = (error: unknown): boolean =>
  inUse.test(gcpCode(error) ?? '') || (ProviderError.is(error, 'Invalid') && deviceTaken.test(`${gcpCode(error) ?? ''} ${error.message}`));
