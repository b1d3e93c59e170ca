import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import type { AttachmentNode } from '#core/spi/volume-driver.ts';
import type { Fault } from '#test/emulators/gcp/faults.ts';
import { diskRequest, gibi, persistentDiskLab, readWrite, type PersistentDiskLab } from '#test/fixtures/persistent-disk-lab.ts';
import type { PersistentDiskVolumeDriver } from './volume-driver.ts';

const never = new AbortController().signal;
const ofReads: readonly Fault[] = ['cut', 'throttle'];
const ofChanges: readonly Fault[] = ['after', 'cut', 'lose', 'throttle', 'operation-fails', 'operation-hangs', 'operation-hangs-after'];
/** After so many answers that decide nothing, whoever looks after the platform is called. */
const patience = 4;
const most = 30;

/** Asks for one thing after the other as controllers do: again and again until there is an answer. */
class Caller {
  readonly lab: PersistentDiskLab;
  readonly #isNewProcess: boolean;
  #driver: PersistentDiskVolumeDriver;
  #stuck = 0;

  constructor(lab: PersistentDiskLab, isNewProcess: boolean) {
    this.lab = lab;
    this.#isNewProcess = isNewProcess;
    this.#driver = lab.anotherDriver();
  }

  async until<T>(call: (driver: PersistentDiskVolumeDriver) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await call(this.#driver);
      } catch (error) {
        if (!ProviderError.is(error, 'Unavailable', 'Unknown', 'Throttled') || tries > most) throw error;
        expect(error.message).not.to.equal('');
        if (this.#isNewProcess) this.#driver = this.lab.anotherDriver();
        if (tries > patience) this.#unstick();
        await this.lab.clock.sleep(1_000);
      }
    }
  }

  /** A disk that the platform is making or deleting for ever: its people remove it. */
  #unstick(): void {
    const { cloud } = this.lab.emulator.state;
    for (const handle of this.lab.volumes()) {
      if (this.lab.at(handle)?.['status'] !== 'CREATING' && !cloud.deleting.has(handle)) continue;
      cloud.deleting.delete(handle);
      cloud.resources.remove(handle);
      this.#stuck++;
    }
  }

  get stuck(): number {
    return this.#stuck;
  }
}

type Flow = (caller: Caller, node: AttachmentNode, other: AttachmentNode) => Promise<void>;

/** What each thing that is asked for must have come to. */
const flows: Readonly<Record<string, Flow>> = {
  'a volume is made, attached, detached and deleted': async (caller, node) => {
    const { lab } = caller;
    const request = diskRequest();
    const { id } = await caller.until((driver) => driver.create(request, never));
    expect(lab.volumes()).to.deep.equal([id]);
    expect(await caller.until((driver) => driver.attach(id, node, readWrite, never))).to.deep.equal({ deviceName: request.name });
    expect(lab.holders(id)).to.deep.equal([node.name]);
    await caller.until((driver) => driver.detach(id, node, never));
    expect(lab.holders(id)).to.deep.equal([]);
    await caller.until((driver) => driver.delete(id, never));
    expect(lab.volumes()).to.deep.equal([]);
  },
  'a volume goes from one machine to the next': async (caller, node, other) => {
    const request = diskRequest({ parameters: { type: 'pd-ssd', 'replication-type': 'regional-pd' } });
    const { id } = await caller.until((driver) => driver.create(request, never));
    await caller.until((driver) => driver.attach(id, node, readWrite, never));
    await caller.until((driver) => driver.detach(id, node, never));
    await caller.until((driver) => driver.attach(id, other, readWrite, never));
    expect(caller.lab.holders(id)).to.deep.equal([other.name]);
    const attached = await caller.until((driver) => driver.attachedVolumes([node, other], never));
    expect(attached.get(node.name)).not.to.include(id);
    expect(attached.get(other.name)).to.include(id);
    await caller.until((driver) => driver.detach(id, other, never));
    await caller.until((driver) => driver.delete(id, never));
  },
  'nobody wants the volume any more while it is made': async (caller) => {
    const request = diskRequest();
    await caller.until(async (driver) => {
      await driver.create(request, never).catch((error: unknown) => {
        if (!ProviderError.is(error)) throw error;
      });
    });
    const found = await caller.until((driver) => driver.find(request.name, never));
    if (found !== undefined) await caller.until((driver) => driver.delete(found.id, never));
  },
  'a machine is given up while a volume is attached to it': async (caller, node) => {
    const request = diskRequest();
    const { id } = await caller.until((driver) => driver.create(request, never));
    await caller.until(async (driver) => {
      await driver.attach(id, node, readWrite, never).catch((error: unknown) => {
        if (!ProviderError.is(error)) throw error;
      });
    });
    await caller.until((driver) => driver.detach(id, node, never));
    caller.lab.emulator.state.advance(60_000);
    expect(caller.lab.holders(id)).to.deep.equal([]);
    await caller.until((driver) => driver.delete(id, never));
  },
  'a volume grows, becomes faster, and a snapshot of it becomes another': async (caller) => {
    const { lab } = caller;
    const parameters = { type: 'hyperdisk-balanced' };
    const request = diskRequest({ parameters });
    const { id } = await caller.until((driver) => driver.create(request, never));
    expect(await caller.until((driver) => driver.expand(id, { required: 20n * gibi }, never))).to.deep.equal({ capacity: 20n * gibi, nodeExpansionRequired: true });
    expect(lab.at(id)?.['sizeGb']).to.equal('20');
    await caller.until((driver) => driver.modify(id, { iops: '4000', throughput: '200Mi' }, never).catch((error: unknown) => {
      // A change that was begun and never ends counts.
      if (!ProviderError.is(error, 'Exhausted')) throw error;
      lab.emulator.state.advance(5 * 60 * 60_000);
      return driver.modify(id, { iops: '4000', throughput: '200Mi' }, never);
    }));
    expect(lab.at(id)).to.include({ provisionedIops: '4000', provisionedThroughput: '200' });
    const name = diskRequest().name.replace('pvc', 'snapshot');
    const snapshot = await caller.until((driver) => driver.createSnapshot(name, id, {}, never));
    if (!snapshot.ready) {
      // One whose operation hangs is never ready.
      await caller.until(async (driver) => driver.deleteSnapshot(snapshot.id, never).catch((error: unknown) => {
        if (!ProviderError.is(error, 'Unavailable')) throw error;
        lab.emulator.state.remove(snapshot.id);
        lab.emulator.state.cloud.deleting.delete(snapshot.id);
      }));
    } else {
      const copyRequest = diskRequest({ parameters, capacity: { required: snapshot.size }, source: { kind: 'snapshot', id: snapshot.id } });
      const copy = await caller.until((driver) => driver.create(copyRequest, never));
      expect(copy.capacity).to.equal(20n * gibi);
      await caller.until((driver) => driver.delete(copy.id, never));
      await caller.until((driver) => driver.deleteSnapshot(snapshot.id, never).catch((error: unknown) => {
        if (!ProviderError.is(error, 'Unavailable') || !lab.emulator.state.cloud.deleting.has(snapshot.id)) throw error;
        lab.emulator.state.remove(snapshot.id);
        lab.emulator.state.cloud.deleting.delete(snapshot.id);
      }));
    }
    await caller.until((driver) => driver.delete(id, never));
  },
};

/** The first flow meets every fault at every call, and the others some at each. */
const everyFault = Object.values(flows)[0];

function faultsOf(method: string, index: number, isSome: boolean): readonly Fault[] {
  const all = /\.(?:get|list|aggregatedList|wait)$/.test(method) ? ofReads : ofChanges;
  return isSome ? [...new Set([0, 3].slice(0, all.length > 2 ? 2 : 1).map((step) => all[(index + step) % all.length] ?? 'lose'))] : all;
}

describe('PersistentDiskVolumeDriver when calls fail', function () {
  this.timeout(300_000);

  for (const [title, flow] of Object.entries(flows)) {
    it(`${title}, whichever call fails and however`, async () => {
      const methods: string[] = [];
      const lab = await persistentDiskLab({ calls: { run: (call, send, signal) => (methods.push(call.name), send(signal)) } });
      try {
        const [node, other] = [await lab.addInstance('one'), await lab.addInstance('two')];
        const leftovers = lab.emulator.state.leftovers();
        await flow(new Caller(lab, false), node, other);
        const rounds = [...methods].flatMap((method, i) => faultsOf(method, i, flow !== everyFault).map((fault) => [i + 1, method, fault] as const));
        expect(rounds.length).to.be.within(5, 200);
        for (const [call, method, fault] of rounds) {
          const { faults: planned } = lab.emulator.state.cloud;
          planned.plan({ faults: [{ method: 'compute.*', call, fault }] });
          const caller = new Caller(lab, (call + fault.length) % 2 === 0);
          try {
            await flow(caller, node, other);
            planned.plan({});
            lab.emulator.state.advance(10 * 60_000);
            expect(lab.emulator.state.leftovers()).to.deep.equal(leftovers);
            expect(caller.stuck, 'disks that hung').to.be.at.most(fault === 'operation-hangs' ? 1 : 0);
          } catch (error) {
            throw new Error(`call ${call}, ${method}, ${fault}: ${JSON.stringify(planned.met.at(-1))}: ${String(error)}`, { cause: error });
          }
        }
      } finally {
        await lab.stop();
      }
    });
  }
});
