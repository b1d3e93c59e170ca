import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { canFindSnapshots, canSnapshot, type CreateVolumeRequest, type Snapshot, type Volume, type VolumeDriver, type VolumeSnapshotter } from '#core/spi/volume-driver.ts';
import { interrupted, rejection } from './volume-driver-interruption.ts';
import type { Checks, Subject } from './volume-driver-subject.ts';
import { expectFailure, hostileIds, hostileNames, never } from './volume-driver-subject.ts';

const MOMENTS = 10;
/** How often the platform's time passes until a snapshot must be ready. */
const PATIENCE = 100;

/** A driver that takes snapshots, and a volume of the usual size. */
export class SnapshotBench {
  readonly subject: Subject;
  readonly driver: VolumeDriver & VolumeSnapshotter;
  readonly volume: Volume;

  constructor(subject: Subject, driver: VolumeDriver & VolumeSnapshotter, volume: Volume) {
    this.subject = subject;
    this.driver = driver;
    this.volume = volume;
  }

  take(name = newName(), volumeId = this.volume.id, signal = never): Promise<Snapshot> {
    return this.driver.createSnapshot(name, volumeId, this.subject.given.snapshotParameters ?? {}, signal);
  }

  /** One from which volumes can be made. */
  async takeReady(name = newName()): Promise<Snapshot> {
    let snapshot = await this.take(name);
    for (let left = PATIENCE; !snapshot.ready && left > 0; left--) {
      await this.subject.given.pass?.();
      snapshot = await this.take(name);
    }
    expect(snapshot.ready, `snapshot ${name} is ready`).to.equal(true);
    return snapshot;
  }

  requestFrom(snapshot: Snapshot, change: Partial<CreateVolumeRequest> = {}): CreateVolumeRequest {
    const { size } = this.subject;
    const required = snapshot.size > size ? snapshot.size : size;
    return this.subject.request({ capacity: { required }, source: { kind: 'snapshot', id: snapshot.id }, ...change });
  }

  remove({ id }: Snapshot, signal = never): Promise<void> {
    return this.driver.deleteSnapshot(id, signal);
  }

  /** Where the platform cannot be seen past the driver, nothing is checked. */
  async expectOnly(...snapshots: readonly Snapshot[]): Promise<void> {
    const there = await this.subject.given.snapshots?.();
    if (there !== undefined) expect([...there].toSorted(), 'the snapshots that exist').to.deep.equal(snapshots.map(({ id }) => id).toSorted());
  }
}

type SnapshotCheck = (bench: SnapshotBench, skip: (reason: string) => never) => Promise<void>;
export type DefineSnapshots = (title: string, check: SnapshotCheck) => void;

const newName = (): string => `snapshot-${randomUUID()}`;
/** What does not change while a snapshot becomes ready. */
const fixed = ({ ready: _ready, ...rest }: Snapshot): Omit<Snapshot, 'ready'> => rest;

export function snapshotChecks(checks: Checks): void {
  const define: DefineSnapshots = (title, check) => checks.define(title, async (subject, skip) => {
    const { driver } = subject;
    if (!canSnapshot(driver)) return skip('the driver is no VolumeSnapshotter');
    await check(new SnapshotBench(subject, driver, await subject.create()), skip);
  });
  takingChecks(define);
  removalChecks(define);
  repetitionChecks(define);
  sourceChecks(define);
}

function takingChecks(define: DefineSnapshots): void {
  define('takes a snapshot, and the same one under the same name', async (bench) => {
    const name = newName();
    const first = await bench.take(name);
    expect(Buffer.byteLength(first.id), 'bytes of the id').to.be.within(1, 128);
    expect(first.sourceVolumeId).to.equal(bench.volume.id);
    expect(first.size >= 0n && first.size <= bench.volume.capacity, `size ${first.size}`).to.equal(true);
    expect(first.createdAt, 'milliseconds since the epoch').to.be.within(Date.UTC(2000), Date.UTC(2200));
    expect(fixed(await bench.take(name))).to.deep.equal(fixed(first));
    expect(fixed(await bench.takeReady(name))).to.deep.equal(fixed(first));
    await bench.expectOnly(first);
    await bench.subject.expectOnly(bench.volume);
  });

  define('takes several snapshots of a volume', async (bench) => {
    const [one, two] = [await bench.takeReady(), await bench.takeReady()];
    expect(one.id).not.to.equal(two.id);
    await bench.expectOnly(one, two);
  });

  define('refuses the name of a snapshot of another volume', async (bench) => {
    const name = newName();
    const snapshot = await bench.take(name);
    const other = await bench.subject.create();
    await expectFailure(bench.take(name, other.id), 'AlreadyExists');
    await bench.expectOnly(snapshot);
    expect(fixed(await bench.take(name))).to.deep.equal(fixed(snapshot));
  });

  define('refuses an unknown parameter of a snapshot by its name', async (bench) => {
    for (const key of ['no-such-parameter', '__proto__']) {
      const parameters = Object.fromEntries([...Object.entries(bench.subject.given.snapshotParameters ?? {}), [key, 'x']]);
      const { message } = await expectFailure(bench.driver.createSnapshot(newName(), bench.volume.id, parameters, never), 'Invalid');
      expect(message).to.include(key);
    }
    await bench.expectOnly();
  });

  define('takes no snapshot of what is not there', async (bench) => {
    for (const id of ['pvc-unknown', ...hostileIds, `${bench.volume.id}\0`]) await expectFailure(bench.take(newName(), id), 'NotFound');
    await bench.subject.delete(bench.volume.id);
    await expectFailure(bench.take(), 'NotFound');
    await bench.expectOnly();
  });

  define('takes no snapshot under a hostile name', async (bench) => {
    for (const name of hostileNames) await expectFailure(bench.take(name), 'Invalid');
    await bench.expectOnly();
  });

  define('keeps a snapshot of a volume that is gone, and knows it by its name', async (bench) => {
    const name = newName();
    const snapshot = await bench.takeReady(name);
    await bench.subject.delete(bench.volume.id);
    await bench.subject.expectOnly();
    await bench.expectOnly(snapshot);
    expect(await bench.take(name)).to.deep.equal(snapshot);
    const volume = await bench.subject.create(bench.requestFrom(snapshot));
    await bench.subject.expectOnly(volume);
  });

  define('finds a snapshot by its id, and nothing by others', async ({ driver, ...bench }, skip) => {
    if (!canFindSnapshots(driver)) return skip('the driver is no SnapshotFinder');
    const { subject, volume } = bench;
    const snapshot = await driver.createSnapshot(newName(), volume.id, subject.given.snapshotParameters ?? {}, never);
    const found = await driver.findSnapshot(snapshot.id, never);
    expect(found && fixed(found)).to.deep.equal(fixed(snapshot));
    for (const id of ['snapshot-unknown', volume.id, ...hostileIds]) expect(await driver.findSnapshot(id, never), JSON.stringify(id)).to.equal(undefined);
    await driver.deleteSnapshot(snapshot.id, never);
    expect(await driver.findSnapshot(snapshot.id, never)).to.equal(undefined);
  });
}

function removalChecks(define: DefineSnapshots): void {
  define('removes a snapshot and no other, each twice', async (bench) => {
    const name = newName();
    const [gone, other] = [await bench.takeReady(name), await bench.takeReady()];
    for (let round = 0; round < 2; round++) await bench.remove(gone);
    await bench.expectOnly(other);
    const again = await bench.takeReady(name);
    await bench.expectOnly(again, other);
    await bench.remove(again);
    await bench.remove(other);
    await bench.expectOnly();
    await bench.subject.expectOnly(bench.volume);
  });

  define('removes a snapshot that is not ready yet', async (bench) => {
    await bench.remove(await bench.take());
    await bench.subject.given.pass?.();
    await bench.expectOnly();
  });

  define('takes a hostile id of a snapshot for one that is not there', async (bench) => {
    const snapshot = await bench.takeReady();
    for (const id of ['snapshot-unknown', bench.volume.id, ...hostileIds, `${snapshot.id}/`, `./${snapshot.id}`, `${snapshot.id}\0`, `${snapshot.id} `]) {
      await bench.driver.deleteSnapshot(id, never);
    }
    await bench.expectOnly(snapshot);
    await bench.subject.expectOnly(bench.volume);
  });

  define('takes and removes no snapshot when aborted beforehand', async (bench) => {
    const snapshot = await bench.takeReady();
    const reason = new Error('aborted beforehand');
    const aborted = AbortSignal.abort(reason);
    expect(await rejection(bench.take(newName(), bench.volume.id, aborted))).to.equal(reason);
    expect(await rejection(bench.remove(snapshot, aborted))).to.equal(reason);
    await bench.expectOnly(snapshot);
  });
}

function repetitionChecks(define: DefineSnapshots): void {
  define('takes one snapshot, however often it is interrupted', async (bench) => {
    const taken: Snapshot[] = [];
    for (let moment = 0; moment < MOMENTS; moment++) {
      const name = newName();
      await interrupted((signal) => bench.take(name, bench.volume.id, signal), moment);
      taken.push(await bench.takeReady(name));
      await bench.expectOnly(...taken);
      // Platforms take so many snapshots of a volume in an hour.
      await bench.subject.given.pass?.();
    }
  });

  define('removes the snapshot, however often it is interrupted', async (bench) => {
    for (let moment = 0; moment < MOMENTS; moment++) {
      const snapshot = await bench.takeReady();
      await interrupted((signal) => bench.remove(snapshot, signal), moment);
      await bench.remove(snapshot);
      await bench.expectOnly();
    }
  });

  define('takes one snapshot for ten calls at once', async (bench) => {
    const name = newName();
    const taken = await Promise.all(Array.from({ length: 10 }, () => bench.take(name)));
    for (const snapshot of taken) expect(fixed(snapshot)).to.deep.equal(fixed(taken[0] ?? snapshot));
    await bench.expectOnly(...taken.slice(0, 1));
  });
}

function sourceChecks(define: DefineSnapshots): void {
  define('makes volumes from a snapshot, one for each name', async (bench) => {
    const { subject } = bench;
    const snapshot = await bench.takeReady();
    const [request, larger] = [bench.requestFrom(snapshot), bench.requestFrom(snapshot, { capacity: { required: subject.size * 2n } })];
    const volumes = [bench.volume];
    for (const each of [request, larger]) {
      const volume = await subject.create(each);
      expect(volume.capacity >= each.capacity.required, `${volume.capacity} bytes for ${each.capacity.required}`).to.equal(true);
      expect(await subject.create(each), 'again').to.deep.equal(volume);
      volumes.push(volume);
    }
    await subject.expectOnly(...volumes);
    await bench.remove(snapshot);
    for (const { id } of volumes) await subject.delete(id);
    await subject.expectOnly();
    await bench.expectOnly();
  });

  define('refuses the name of a volume made from another source', async (bench) => {
    const { subject } = bench;
    const [one, two] = [await bench.takeReady(), await bench.takeReady()];
    const request = bench.requestFrom(one);
    const { source: _source, ...plain } = request;
    const volume = await subject.create(request);
    await expectFailure(subject.create({ ...request, source: { kind: 'snapshot', id: two.id } }), 'AlreadyExists');
    await expectFailure(subject.create(plain), 'AlreadyExists');
    await subject.expectOnly(bench.volume, volume);
  });

  define('makes no volume that is smaller than its snapshot', async (bench) => {
    const { subject } = bench;
    const snapshot = await bench.takeReady();
    if (snapshot.size < 2n) return;
    const limit = snapshot.size - 1n;
    await expectFailure(subject.create(bench.requestFrom(snapshot, { capacity: { required: 1n, limit } })), 'Invalid');
    await subject.expectOnly(bench.volume);
  });

  define('makes no volume from a snapshot that is not there', async (bench) => {
    const { subject } = bench;
    const snapshot = await bench.takeReady();
    await bench.remove(snapshot);
    for (const id of [snapshot.id, 'snapshot-unknown', ...hostileIds]) {
      await expectFailure(subject.create(bench.requestFrom(snapshot, { source: { kind: 'snapshot', id } })), 'NotFound');
    }
    await subject.expectOnly(bench.volume);
  });

  define('copies a volume, or refuses to', async (bench, skip) => {
    const { subject, volume } = bench;
    const source = { kind: 'volume', id: volume.id } as const;
    const request = subject.request({ source });
    const outcome = await subject.create(request).catch((error: unknown) => error);
    if (ProviderError.is(outcome, 'Invalid')) {
      await subject.expectOnly(volume);
      return skip('the driver does not copy volumes');
    }
    if (outcome instanceof Error) throw outcome;
    const copy = await subject.create(request);
    expect(copy).to.deep.equal(outcome);
    expect(copy.id).not.to.equal(volume.id);
    for (const id of ['pvc-unknown', ...hostileIds]) await expectFailure(subject.create(subject.request({ source: { kind: 'volume', id } })), 'NotFound');
    await subject.expectOnly(volume, copy);
    await subject.delete(volume.id);
    await subject.expectOnly(copy);
  });
}
