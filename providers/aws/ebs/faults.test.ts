import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import type { AttachmentNode } from '#core/spi/volume-driver.ts';
import { attachOptions, EbsLab, GIB, never } from '#test/fixtures/ebs-lab.ts';
import type { FaultPlan } from '#test/emulators/aws/faults.ts';

const kinds = ['before', 'after', 'lost'] as const;
const mostRepetitions = 12;
/** More calls of an action than a flow makes. */
const mostCalls = 30;

/** Repeats as the core does: until there is an answer that decides something. */
async function insist<T>(ebs: EbsLab, restarts: boolean, call: () => Promise<T>): Promise<T> {
  for (let repetition = 0; ; repetition++) {
    try {
      return await call();
    } catch (error) {
      if (!ProviderError.is(error, 'Unknown', 'Unavailable', 'Throttled') || repetition >= mostRepetitions) throw error;
      if (restarts) ebs.restart();
      await ebs.lab.clock.sleep(1000);
    }
  }
}

interface Flow {
  readonly name: string;
  readonly actions: readonly string[];
  run(ebs: EbsLab, node: AttachmentNode, insistOn: <T>(call: () => Promise<T>) => Promise<T>): Promise<void>;
}

const flows: readonly Flow[] = [
  {
    name: 'a volume, from its claim to the node and back',
    actions: ['CreateVolume', 'DescribeVolumes', 'DescribeInstances', 'AttachVolume', 'DetachVolume', 'DeleteVolume'],
    run: async (ebs, node, insistOn) => {
      const request = ebs.request();
      const volume = await insistOn(() => ebs.driver.create(request, never));
      expect(ebs.volumes.filter(({ tags }) => tags.get('CSIVolumeName') === request.name).map(({ id }) => id)).to.deep.equal([volume.id]);
      const { devicePath } = await insistOn(() => ebs.driver.attach(volume.id, node, attachOptions, never));
      expect(ebs.region.volumes.get(volume.id)?.attachments.map(({ instanceId, device, state }) => ({ instanceId, device, state }))).to.deep.equal([{ instanceId: node.nodeId, device: devicePath, state: 'attached' }]);
      expect((await insistOn(() => ebs.driver.attachedVolumes([node], never))).get(node.name)).to.include(volume.id);
      await insistOn(() => ebs.driver.detach(volume.id, node, never));
      expect(ebs.region.volumes.get(volume.id)?.attachments).to.deep.equal([]);
      await insistOn(() => ebs.driver.delete(volume.id, never));
    },
  },
  {
    name: 'a volume that nobody wants any more before it is made',
    actions: ['CreateVolume', 'DescribeVolumes', 'DeleteVolume'],
    run: async (ebs, _node, insistOn) => {
      const request = ebs.request();
      await ebs.driver.create(request, never).catch(() => undefined);
      const found = await insistOn(() => ebs.driver.find(request.name, never));
      if (found !== undefined) await insistOn(() => ebs.driver.delete(found.id, never));
    },
  },
  {
    name: 'growth and change',
    actions: ['DescribeVolumes', 'ModifyVolume', 'DescribeVolumesModifications', 'CreateTags', 'DeleteTags'],
    run: async (ebs, _node, insistOn) => {
      const { id } = await insistOn(() => ebs.driver.create(ebs.request({ name: 'pvc-grows', parameters: { tagSpecification_1: 'old=1' } }), never));
      const [{ capacity }] = await Promise.all([
        insistOn(() => ebs.driver.expand(id, { required: 20n * GIB }, never)),
        insistOn(() => ebs.driver.modify(id, { throughput: '250', tagSpecification_1: 'new=1', tagDeletion_1: 'old' }, never)),
      ]);
      expect(capacity).to.equal(20n * GIB);
      const volume = ebs.region.volumes.get(id);
      expect(volume).to.include({ sizeGiB: 20, throughput: 250 });
      expect([...volume?.tags.keys() ?? []]).to.include('new').and.not.to.include('old');
      await insistOn(() => ebs.driver.delete(id, never));
    },
  },
  {
    name: 'a snapshot and what is made from it',
    actions: ['CreateSnapshot', 'DescribeSnapshots', 'DeleteSnapshot'],
    run: async (ebs, _node, insistOn) => {
      const { id } = await insistOn(() => ebs.driver.create(ebs.request({ name: 'pvc-source' }), never));
      const snapshot = await insistOn(async () => {
        const taken = await ebs.driver.createSnapshot('snapshot-1', id, {}, never);
        if (!taken.ready) ebs.advance(30_000);
        return ebs.driver.createSnapshot('snapshot-1', id, {}, never);
      });
      expect([...ebs.region.snapshots.rows()].map((row) => row.id)).to.deep.equal([snapshot.id]);
      const copy = await insistOn(() => ebs.driver.create(ebs.request({ name: 'pvc-copy', source: { kind: 'snapshot', id: snapshot.id } }), never));
      await insistOn(() => ebs.driver.deleteSnapshot(snapshot.id, never));
      for (const each of [id, copy.id]) await insistOn(() => ebs.driver.delete(each, never));
    },
  },
];

/** @returns how often the action was called */
async function drill(flow: Flow, faults: FaultPlan, restarts: boolean, seed = 1): Promise<Record<string, number>> {
  const ebs = await EbsLab.make({ seed });
  try {
    const [node] = await ebs.nodes(1);
    const foreign = ebs.region.volumes.insert({ ...[...ebs.region.volumes.rows()][0]!, id: ebs.region.newId('vol'), sequence: ebs.region.nextSequence(), tags: new Map([['CSIVolumeName', 'pvc-grows']]), attachments: [], state: 'available' }, true);
    ebs.advance(10_000);
    ebs.takeCounts();
    ebs.lab.emulator.state.setFaults(faults);
    await flow.run(ebs, node!, (call) => insist(ebs, restarts, call));
    const counts = ebs.takeCounts();
    expect(ebs.volumes, 'only what is not ours is left').to.deep.equal([foreign]);
    expect([...ebs.region.snapshots.rows()]).to.deep.equal([]);
    return counts;
  } finally {
    await ebs.stop();
  }
}

describe('EBS volumes while calls fail', () => {
  for (const flow of flows) {
    for (const action of flow.actions) {
      it(`${flow.name}: each ${action}`, async () => {
        const { [action]: calls = 0 } = await drill(flow, {}, false);
        expect(calls, 'the flow makes such calls').to.be.within(1, mostCalls);
        for (let nth = 1; nth <= calls; nth++) {
          for (const [index, kind] of kinds.entries()) {
            const restarts = (nth + index) % 2 === 0;
            await drill(flow, { faults: [{ action, nth, kind }] }, restarts).catch((error: unknown) => {
              throw new Error(`${action} ${nth} ${kind}${restarts ? ' with restarts' : ''}`, { cause: error });
            });
          }
        }
      }).timeout(60_000);
    }
  }

  it('by chance, ever and ever again', async () => {
    for (let seed = 1; seed <= 8; seed++) {
      const flow = flows[seed % flows.length]!;
      await drill(flow, { rate: 0.15 }, seed % 3 === 0, seed).catch((error: unknown) => {
        throw new Error(`${flow.name}, seed ${seed}`, { cause: error });
      });
    }
  }).timeout(60_000);
});
