import { expect } from 'chai';
import type { ResourceClaim } from '#core/api/schema/resource-v1/claim.ts';
import { deviceClasses } from './deviceclasses.ts';
import { changed, created, header, judgesCreation, judgesUpdate, row, statusFindings } from './resource.test.ts';
import { resourceClaims } from './resourceclaims.ts';
import { resourceClaimTemplates } from './resourceclaimtemplates.ts';
import { resourceSlices } from './resourceslices.ts';

const metadata = { name: 'gpu', namespace: 'ns' };
const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const claim = { metadata, spec: { devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpu.example.com' } }] } } };
const opaque = { driver: 'gpu.example.com', parameters: { kind: 'Settings' } };
const first = 'spec.devices.requests[0]';

describe('resourceClaims', () => {
  judgesCreation(resourceClaims, claim, [
    ['spec', {}],
    [`${first}.name`, 'Not.Label', `${first}.name: Invalid`],
    [`${first}.exactly`, undefined, `${first}: Required`],
    [`${first}.firstAvailable`, [{ name: 'a', deviceClassName: 'b' }], `${first}: Invalid`],
    [`${first}.exactly.deviceClassName`, '', `${first}.exactly.deviceClassName: Required`],
    [`${first}.exactly.allocationMode`, 'Some', `${first}.exactly.allocationMode: NotSupported`],
    [`${first}.exactly.allocationMode`, 'All'],
    [`${first}.exactly`, { deviceClassName: 'a', allocationMode: 'All', count: 2 }, `${first}.exactly.count: Invalid`],
    [`${first}.exactly.count`, -1, `${first}.exactly.count: Invalid`],
    [`${first}.exactly.selectors`, [{}], `${first}.exactly.selectors[0].cel: Required`],
    [`${first}.exactly.selectors`, [{ cel: { expression: 'x'.repeat(10241) } }], `${first}.exactly.selectors[0].cel.expression: TooLong`],
    [`${first}.exactly.selectors`, many(33, () => ({ cel: { expression: 'true' } })), `${first}.exactly.selectors: TooMany`],
    [`${first}.exactly.tolerations`, [{ key: 'a', operator: 'Exists', value: 'b' }, { key: '-', effect: 'NoRun' }], `${first}.exactly.tolerations[1].effect: NotSupported`, `${first}.exactly.tolerations[0].value: Invalid`, `${first}.exactly.tolerations[1].key: Invalid`],
    [first, { name: 'any', firstAvailable: [{ name: 'a', deviceClassName: 'b' }, { name: 'a', deviceClassName: 'c' }] }, `${first}.firstAvailable[1]: Duplicate`],
    ['spec.devices.requests', many(33, (i) => ({ name: `r${i}`, exactly: { deviceClassName: 'a' } })), 'spec.devices.requests: TooMany'],
    ['spec.devices.requests[1]', { name: 'gpu', exactly: { deviceClassName: 'b' } }, 'spec.devices.requests[1]: Duplicate'],
    ['spec.devices.constraints', [{ requests: ['gpu'], matchAttribute: 'gpu.example.com/numa' }]],
    ['spec.devices.constraints', [{ requests: ['nic', 'gpu/a'], matchAttribute: 'numa' }], 'spec.devices.constraints[0].requests[0]: Invalid', 'spec.devices.constraints[0].requests[1]: Invalid', 'spec.devices.constraints[0].matchAttribute: Invalid'],
    ['spec.devices.constraints', [{}], 'spec.devices.constraints[0]: Required'],
    ['spec.devices.constraints', [{ matchAttribute: 'a.b/c', distinctAttribute: 'a.b/2c' }], 'spec.devices.constraints[0].distinctAttribute: Invalid', 'spec.devices.constraints[0]: Invalid'],
    ['spec.devices.config', [{ requests: ['gpu'], opaque }]],
    ['spec.devices.config', [{}], 'spec.devices.config[0].opaque: Required'],
    ['spec.devices.config', [{ opaque: { driver: '', parameters: 'text' } }], 'spec.devices.config[0].opaque.driver: Required', 'spec.devices.config[0].opaque.parameters: Invalid'],
    ['spec.devices.config', [{ opaque: { driver: 'a' } }], 'spec.devices.config[0].opaque.parameters: Required'],
    ['spec.devices.config', [{ opaque: { driver: 'a', parameters: { a: 'x'.repeat(10240) } } }], 'spec.devices.config[0].opaque.parameters: TooLong'],
  ]);
  judgesUpdate(resourceClaims, claim, [
    [`${first}.exactly.count`, 2, 'spec: Invalid'],
    ['metadata.labels', { a: 'b' }],
  ]);

  it('ask for one device unless they say otherwise', () => {
    const spec = { devices: { requests: [{ name: 'a', firstAvailable: [{ name: 'b', deviceClassName: 'c' }, { name: 'd', deviceClassName: 'c', allocationMode: 'All' }] }] } };
    expect((created(resourceClaims, { metadata, spec }) as ResourceClaim).spec.devices.requests?.[0]?.firstAvailable).to.deep.equal([
      { name: 'b', deviceClassName: 'c', allocationMode: 'ExactCount', count: 1 }, { name: 'd', deviceClassName: 'c', allocationMode: 'All' },
    ]);
  });

  describe('in their status', () => {
    const fresh = created(resourceClaims, claim);
    const result = { request: 'gpu', driver: 'gpu.example.com', pool: 'n1', device: 'gpu-0' };
    const consumer = { resource: 'pods', name: 'p', uid: 'u1' };
    const given = changed(fresh, 'status', { allocation: { devices: { results: [result] } }, reservedFor: [consumer] }) as ResourceClaim;
    const status = (path: string, value: unknown, old = fresh): string[] => statusFindings(resourceClaims, old, changed(given, path, value));

    it('have devices that belong to their requests', () => {
      expect(statusFindings(resourceClaims, fresh, given)).to.deep.equal([]);
      expect(status('status.allocation.devices.results[0].request', 'nic')).to.deep.equal(['status.allocation.devices.results[0].request: Invalid']);
      expect(status('status.allocation.devices.results[0].pool', 'a//b')).to.deep.equal(['status.allocation.devices.results[0].pool: Invalid']);
      expect(status('status.allocation.devices.results[0].shareID', 'X')).to.deep.equal(['status.allocation.devices.results[0].shareID: Invalid']);
      expect(status('status.allocation.devices.results', many(33, () => result))).to.deep.equal(['status.allocation.devices.results: TooMany']);
      expect(status('status.allocation.devices.config', [{ opaque }])).to.deep.equal(['status.allocation.devices.config[0].source: Required']);
      expect(status('status.allocation.devices.config', [{ source: 'FromClass', opaque }])).to.deep.equal([]);
      expect(status('status.allocation.nodeSelector', {})).to.deep.equal(['status.allocation.nodeSelector.nodeSelectorTerms: Required']);
    });

    it('keep those devices, and are reserved only while they have some', () => {
      expect(status('status.allocation.devices.results[0].device', 'gpu-1', given)).to.deep.equal(['status.allocation: Invalid']);
      expect(status('status.allocation', undefined)).to.deep.equal(['status.reservedFor: Forbidden']);
      expect(status('status.reservedFor', [consumer, consumer])).to.deep.equal(['status.reservedFor[1]: Duplicate']);
      expect(status('status.reservedFor', [{ ...consumer, name: '' }])).to.deep.equal(['status.reservedFor[0].name: Required']);
      const ending = changed(given, 'metadata.deletionTimestamp', '2026-01-02T11:30:00Z');
      expect(statusFindings(resourceClaims, given, changed(ending, 'status.reservedFor', [consumer, { ...consumer, uid: 'u2' }]))).to.deep.equal(['status.reservedFor: Forbidden']);
      expect(statusFindings(resourceClaims, given, changed(ending, 'status.reservedFor', []))).to.deep.equal([]);
    });

    it('hold what drivers say of those devices only', () => {
      const device = { driver: result.driver, pool: result.pool, device: result.device };
      const devices = (each: object): string[] => status('status.devices', [each]);
      expect(devices({ ...device, data: { a: 1 }, networkData: { interfaceName: 'eth1', ips: ['10.0.0.5/24'], hardwareAddress: 'ea:9f:00:00:00:01' } })).to.deep.equal([]);
      expect(devices({ ...device, device: 'gpu-9' })).to.deep.equal(['status.devices[0]: Invalid']);
      expect(devices({ ...device, networkData: { ips: ['10.0.0.5', '10.0.0.5/24', '10.0.0.5/24'] } })).to.deep.equal(['status.devices[0].networkData.ips[0]: Invalid', 'status.devices[0].networkData.ips[2]: Duplicate']);
      expect(devices({ ...device, data: 'text' })).to.deep.equal(['status.devices[0].data: Invalid']);
      expect(status('status.devices', [device, device])).to.deep.equal(['status.devices[1]: Duplicate']);
    });

    it('print how they stand', () => {
      expect(header(resourceClaims)).to.equal('NAME | STATE | AGE');
      expect([fresh, given, changed(fresh, 'metadata.deletionTimestamp', '2026-01-02T11:30:00Z')].map((each) => row(resourceClaims, each)))
        .to.deep.equal(['gpu | pending | 60m', 'gpu | allocated,reserved | 60m', 'gpu | deleted | 60m']);
    });
  });
});

describe('resourceClaimTemplates', () => {
  const template = { metadata, spec: { metadata: { labels: { a: 'b' } }, spec: claim.spec } };
  judgesCreation(resourceClaimTemplates, template, [
    ['spec.metadata.labels', { a: 'no value!' }, 'spec.metadata.labels: Invalid'],
    ['spec.spec.devices.requests[0].exactly.deviceClassName', '', 'spec.spec.devices.requests[0].exactly.deviceClassName: Required'],
  ]);
  judgesUpdate(resourceClaimTemplates, template, [['spec.metadata.labels', {}, 'spec: Invalid']]);
});

describe('deviceClasses', () => {
  const deviceClass = { metadata: { name: 'gpu.example.com' }, spec: { selectors: [{ cel: { expression: 'device.driver == "gpu.example.com"' } }] } };
  judgesCreation(deviceClasses, deviceClass, [
    ['spec.selectors[0].cel', { expression: '' }, 'spec.selectors[0].cel.expression: Required'],
    ['spec.config', [{ opaque }]],
    ['spec.config', many(33, () => ({ opaque })), 'spec.config: TooMany'],
    ['spec.extendedResourceName', 'example.com/gpu'],
    ['spec.extendedResourceName', 'cpu', 'spec.extendedResourceName: Invalid'],
  ]);
});

describe('resourceSlices', () => {
  const slice = { metadata: { name: 'n1-gpu' }, spec: { driver: 'gpu.example.com', pool: { name: 'n1', generation: 0, resourceSliceCount: 1 }, nodeName: 'n1', devices: [{ name: 'gpu-0' }] } };
  const device = 'spec.devices[0]';
  const policy = (requestPolicy: object): object => ({ name: 'gpu-0', allowMultipleAllocations: true, capacity: { memory: { value: '40Gi', requestPolicy } } });
  const at = `${device}.capacity[memory].requestPolicy`;

  judgesCreation(resourceSlices, slice, [
    ['spec.driver', '', 'spec.driver: Required'],
    ['spec.pool', { name: '', generation: -1, resourceSliceCount: 0 }, 'spec.pool.name: Required', 'spec.pool.resourceSliceCount: Invalid', 'spec.pool.generation: Invalid'],
    ['spec.nodeName', undefined, 'spec: Required'],
    ['spec.nodeName', '', 'spec.nodeName: Invalid', 'spec: Required'],
    ['spec.allNodes', true, 'spec: Invalid'],
    ['spec.allNodes', false, 'spec.allNodes: Invalid'],
    ['spec.perDeviceNodeSelection', true, `spec: Invalid`, `${device}: Required`],
    ['spec.nodeSelector', { nodeSelectorTerms: [{}, {}] }, 'spec.nodeSelector.nodeSelectorTerms: Invalid', 'spec: Invalid'],
    [`${device}.nodeName`, 'n1', `${device}: Invalid`],
    [`${device}.name`, 'GPU', `${device}.name: Invalid`],
    ['spec.devices[1]', { name: 'gpu-0' }, 'spec.devices[1]: Duplicate'],
    ['spec.devices', many(128, (i) => ({ name: `d${i}` }))],
    ['spec.devices', many(129, (i) => ({ name: `d${i}` })), 'spec.devices: TooMany'],
    ['spec.devices', many(65, (i) => ({ name: `d${i}`, taints: [{ key: 'a', effect: 'NoSchedule' }] })), 'spec.devices: TooMany'],
    [`${device}.attributes`, { model: { string: 'x' }, 'gpu.example.com/cores': { int: 0 }, v: { version: '1.2.3-rc.1+b' }, ok: { bool: false } }],
    [`${device}.attributes`, { model: {} }, `${device}.attributes[model]: Invalid`],
    [`${device}.attributes`, { model: { string: 'x', int: 1 } }, `${device}.attributes[model]: Invalid`],
    [`${device}.attributes`, { model: { string: 'x'.repeat(65) } }, `${device}.attributes[model].string: TooLong`],
    [`${device}.attributes`, { v: { version: '1.2' } }, `${device}.attributes[v].version: Invalid`],
    [`${device}.attributes`, { '1st': { int: 1 } }, `${device}.attributes: Invalid`],
    [`${device}.attributes`, { 'a/b/c': { int: 1 } }, `${device}.attributes: Invalid`],
    [`${device}.attributes`, { [`a${'b'.repeat(32)}`]: { int: 1 } }, `${device}.attributes: TooLong`],
    [`${device}.attributes`, Object.fromEntries(many(33, (i) => [`a${i}`, { int: 1 }])), `${device}: Invalid`],
    [`${device}.taints`, [{ key: '', effect: 'NoSchedule' }, { key: 'a' }, { key: 'a', effect: 'Never' }], `${device}.taints[2].effect: NotSupported`, `${device}.taints[0].key: Invalid`, `${device}.taints[1].effect: Required`],
    [`${device}.consumesCounters`, [{ counterSet: 'c', counters: { memory: { value: '1Gi' } } }]],
    [`${device}.consumesCounters`, [{ counterSet: '', counters: {} }], `${device}.consumesCounters[0].counterSet: Required`, `${device}.consumesCounters[0].counters: Required`],
    [`${device}.bindingConditions`, ['a.b/ready'], `${device}.bindingFailureConditions: Invalid`],
    [device, { name: 'a', bindingConditions: ['x'], bindingFailureConditions: ['x', 'y', 'y'] }, `${device}.bindingFailureConditions[2]: Duplicate`, `${device}.bindingFailureConditions[0]: Invalid`],
    ['spec.sharedCounters', [{ name: 'c', counters: { memory: { value: '1' } } }], 'spec: Invalid'],
    [`${device}.capacity`, { memory: { value: '40Gi' } }],
    [`${device}.capacity`, { memory: { value: '40Gi', requestPolicy: {} } }, `${at}: Forbidden`],
    [device, policy({ default: '1Gi', validValues: ['1Gi', '2Gi'] })],
    [device, policy({ validValues: ['1Gi'] }), `${at}.default: Required`],
    [device, policy({ default: '3Gi', validValues: ['2Gi', '1Gi', '1024Mi', '41Gi'] }), `${at}.validValues[1]: Invalid`, `${at}.validValues[2]: Duplicate`, `${at}.validValues[3]: Invalid`, `${at}.validValues: Invalid`],
    [device, policy({ default: '1Gi', validRange: { min: '1Gi', max: '5Gi', step: '2Gi' } })],
    [device, policy({ default: '1Gi', validRange: {} }), `${at}.validRange.min: Required`],
    [device, policy({ default: '2Gi', validRange: { min: '1Gi', max: '50Gi', step: '2Gi' } }), `${at}.validRange.max: Invalid`, `${at}.validRange.step: Invalid`, `${at}.validRange.step: Invalid`],
    [device, policy({ default: '1', validRange: { min: '2', step: '0' } }), `${at}.validRange.default: Invalid`, `${at}.validRange.step: Invalid`],
    [device, policy({ default: '1', validValues: ['1'], validRange: { min: '1' } }), `${at}: Forbidden`],
  ]);
  judgesCreation(resourceSlices, { ...slice, spec: { ...slice.spec, devices: undefined, sharedCounters: [{ name: 'c', counters: { memory: { value: '1Gi' } } }] } }, [
    ['spec.sharedCounters[1]', { name: 'c', counters: { a: {} } }, 'spec.sharedCounters[1]: Duplicate'],
    ['spec.sharedCounters', many(9, (i) => ({ name: `c${i}`, counters: { a: {} } })), 'spec.sharedCounters: TooMany'],
    ['spec.sharedCounters[0].counters', { 'A.b': {} }, 'spec.sharedCounters[0].counters: Invalid'],
  ]);
  judgesUpdate(resourceSlices, slice, [
    ['spec.driver', 'other.example.com', 'spec.driver: Invalid'],
    ['spec.pool.name', 'n2', 'spec.pool.name: Invalid'],
    ['spec.nodeName', 'n2', 'spec.nodeName: Invalid'],
    ['spec.pool.generation', 1],
  ]);

  it('print and select as kubectl users know them', () => {
    expect(`${header(resourceSlices)} / ${row(resourceSlices, slice)}`).to.equal('NAME | NODE | DRIVER | POOL | AGE / n1-gpu | n1 | gpu.example.com | n1 | <unknown>');
    const read = (field: string): string | undefined => resourceSlices.selectableFields?.[field]?.(created(resourceSlices, slice));
    expect([read('spec.nodeName'), read('spec.driver')]).to.deep.equal(['n1', 'gpu.example.com']);
  });
});
