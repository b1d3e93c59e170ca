import { expect } from 'chai';
import { ProviderError, type ProviderErrorReason } from '#core/spi/errors.ts';
import { handleOf, handlesOf, isResourceName, parseHandle, parseInstance, parseSnapshot } from './handles.ts';
import { parseParameters } from './parameters.ts';
import { placementOf, type PlacementQuestion } from './placement.ts';

const zones = ['us-central1-a', 'us-central1-b', 'us-central1-c'];
const segment = (zone: string) => ({ 'topology.gke.io/zone': zone });
const wants = (...wanted: readonly string[]) => ({ requisite: wanted.map(segment), preferred: wanted.map(segment) });
const question = (change: Partial<PlacementQuestion>, parameters: Readonly<Record<string, string>> = {}): PlacementQuestion =>
  ({ name: 'pvc-1', topology: undefined, parameters: parseParameters(parameters), sourceZone: undefined, usualZone: undefined, zones, ...change });

function refusal(call: () => unknown, reason: ProviderErrorReason): string {
  try {
    call();
  } catch (error) {
    if (ProviderError.is(error, reason)) return error.message;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('the place of a disk', () => {
  it('is the zone that is preferred, of those that must be', () => {
    expect(placementOf(question({ topology: wants('us-central1-b', 'us-central1-a') }))).to.deep.equal({ kind: 'zones', place: 'us-central1-b' });
    expect(placementOf(question({ topology: { requisite: [segment('us-central1-c')], preferred: [segment('us-central1-a'), segment('us-central1-c')] } }))).to.include({ place: 'us-central1-c' });
    expect(placementOf(question({ topology: { requisite: [{ 'topology.kubernetes.io/zone': 'us-central1-c' }], preferred: [] } }))).to.include({ place: 'us-central1-c' });
    expect(refusal(() => placementOf(question({ topology: { requisite: [{ 'kubernetes.io/hostname': 'a' }], preferred: [] } })), 'Invalid')).to.contain('"kubernetes.io/hostname"');
  });

  it('is the same for the same name, and not the same for all, where nothing is preferred', () => {
    const places = Array.from({ length: 50 }, (_each, i) => placementOf(question({ name: `pvc-${i}` })).place);
    expect(new Set(places).size).to.equal(3);
    expect(placementOf(question({ name: 'pvc-7' })).place).to.equal(places[7]);
    expect(placementOf(question({ usualZone: 'us-central1-c' }))).to.include({ place: 'us-central1-c' });
  });

  it('is where the class, the storage pools and the source are', () => {
    const pools = { type: 'hyperdisk-balanced', 'storage-pools': 'projects/p/zones/us-central1-b/storagePools/x' };
    expect(placementOf(question({}, pools))).to.include({ place: 'us-central1-b' });
    expect(placementOf(question({ topology: wants('us-central1-a', 'us-central1-b') }, pools))).to.include({ place: 'us-central1-b' });
    expect(refusal(() => placementOf(question({ topology: wants('us-central1-a') }, pools)), 'Exhausted')).to.contain('us-central1-a').and.to.contain('us-central1-b');
    expect(placementOf(question({}, { zones: 'us-central1-c' }))).to.include({ place: 'us-central1-c' });
    expect(placementOf(question({ sourceZone: 'us-central1-b', topology: wants('us-central1-a', 'us-central1-b') }))).to.include({ place: 'us-central1-b' });
    expect(refusal(() => placementOf(question({ sourceZone: 'us-central1-b', topology: wants('us-central1-a') })), 'Exhausted')).to.contain('us-central1-b');
  });

  it('is two zones of a region for a regional disk', () => {
    const regional = { type: 'pd-ssd', 'replication-type': 'regional-pd' };
    expect(placementOf(question({ topology: wants('us-central1-c', 'us-central1-a') }, regional))).to.deep.equal({ kind: 'regions', place: 'us-central1', replicaZones: ['us-central1-c', 'us-central1-a'] });
    const alone = placementOf(question({ topology: wants('us-central1-b') }, regional));
    expect(alone).to.deep.equal(placementOf(question({ topology: wants('us-central1-b') }, regional)));
    expect(alone).to.have.nested.property('replicaZones[0]', 'us-central1-b');
    expect(placementOf(question({ sourceZone: 'us-central1-c', topology: wants('us-central1-a') }, regional))).to.have.deep.property('replicaZones', ['us-central1-c', 'us-central1-a']);
    expect(refusal(() => placementOf(question({ topology: wants('europe-west1-b') }, regional)), 'Invalid')).to.contain('two zones of region europe-west1');
  });
});

describe('handles of disks', () => {
  it('are read as they are written', () => {
    for (const handle of ['projects/p1/zones/us-central1-a/disks/pvc-1', 'projects/example.com:p1/regions/us-central1/disks/pvc-1', 'projects/UNSPECIFIED/zones/UNSPECIFIED/disks/pvc-1', 'projects/p1/zones/multi-zone/disks/d']) {
      const parsed = parseHandle(handle);
      expect(parsed && handleOf(parsed)).to.equal(handle);
    }
    for (const wrong of ['', 'pvc-1', 'projects/p1/zones/us-central1-a/disks/../x', 'projects/p1/global/disks/x', 'projects/p1/zones/a/disks/X', 'projects/p1/zones/a/disks/x/', 'projects/p1/zones/a/disks/x\n', '/projects/p1/zones/a/disks/x', `projects/p1/zones/a/disks/${'x'.repeat(64)}`, 'x'.repeat(10_000)]) expect(parseHandle(wrong), wrong).to.equal(undefined);
    expect(handlesOf({ project: 'p1', kind: 'regions', place: 'us-central1', name: 'd' })).to.include('projects/UNSPECIFIED/regions/UNSPECIFIED/disks/d').and.to.have.length(4);
  });

  it('of instances and snapshots too', () => {
    const one = { project: 'p1', zone: 'us-central1-a', name: 'n' };
    expect(parseInstance({ nodeId: 'projects/p1/zones/us-central1-a/instances/n' })).to.deep.equal(one);
    expect(parseInstance({ nodeId: 'n', providerId: 'gce://p1/us-central1-a/n' })).to.deep.equal(one);
    expect(parseInstance({ nodeId: 'n', providerId: 'aws:///us-west-2a/i-1' })).to.equal(undefined);
    expect(parseSnapshot('projects/p1/global/images/i')).to.deep.equal({ project: 'p1', kind: 'images', name: 'i' });
    for (const wrong of ['projects/p1/global/disks/i', 'snapshots/i', 'projects/p1/global/snapshots/i ']) expect(parseSnapshot(wrong)).to.equal(undefined);
    expect([isResourceName('pvc-1'), isResourceName('1pvc'), isResourceName('pvc-'), isResourceName('x'.repeat(64))]).to.deep.equal([true, false, false, false]);
  });
});
