import { expect } from 'chai';
import { priorityClasses } from './priorityclasses.ts';
import { created, creationFindings, header, judgesCreation, judgesUpdate, row } from './resource.test.ts';
import { systemPriorityClasses } from './rules/system-priorities.ts';
import { runtimeClasses } from './runtimeclasses.ts';
import { volumeAttributesClasses } from './volumeattributesclasses.ts';

describe('runtimeClasses', () => {
  const runtimeClass = { metadata: { name: 'gvisor' }, handler: 'runsc', overhead: { podFixed: { memory: '64Mi' } }, scheduling: { nodeSelector: { runtime: 'gvisor' } } };

  judgesCreation(runtimeClasses, runtimeClass, [
    ['handler', '', 'handler: Required'],
    ['handler', 'run.sc', 'handler: Invalid'],
    ['overhead.podFixed', { memory: '-1' }, 'overhead.limits[memory]: Invalid'],
    ['scheduling.nodeSelector', { runtime: 'no value!' }, 'scheduling.nodeSelector: Invalid'],
    ['scheduling.tolerations', [{ key: 'a', operator: 'Exists', value: 'b' }], 'scheduling.tolerations[0].operator: Invalid'],
  ]);
  judgesUpdate(runtimeClasses, runtimeClass, [
    ['handler', 'kata', 'handler: Invalid'],
    ['overhead', undefined],
  ]);

  it('print as kubectl users know them', () => {
    expect(`${header(runtimeClasses)} / ${row(runtimeClasses, runtimeClass)}`).to.equal('NAME | HANDLER | AGE / gvisor | runsc | <unknown>');
  });
});

describe('priorityClasses', () => {
  const priorityClass = { metadata: { name: 'high' }, value: 1000 };

  judgesCreation(priorityClasses, priorityClass, [
    ['value', 1_000_000_000],
    ['value', 1_000_000_001, 'value: Forbidden'],
    ['value', -5],
    ['preemptionPolicy', 'Sometimes', 'preemptionPolicy: NotSupported'],
    ['metadata.name', 'system-mine', 'metadata.name: Forbidden'],
    ['metadata.name', 'system-node-critical', 'metadata.name: Forbidden'],
  ]);
  judgesUpdate(priorityClasses, priorityClass, [
    ['value', 1001, 'value: Forbidden'],
    ['preemptionPolicy', 'Never', 'preemptionPolicy: Invalid'],
    ['globalDefault', true],
    ['description', 'x'],
  ]);

  it('of the system are known', () => {
    expect(systemPriorityClasses.map(({ metadata, value }) => [metadata.name, value])).to.deep.equal([['system-node-critical', 2000001000], ['system-cluster-critical', 2000000000]]);
    for (const each of systemPriorityClasses) {
      expect(creationFindings(priorityClasses, each)).to.deep.equal([]);
      expect(creationFindings(priorityClasses, { ...each, globalDefault: true })).to.deep.equal(['metadata.name: Forbidden']);
    }
  });

  it('print as kubectl users know them', () => {
    expect(created(priorityClasses, priorityClass)).to.include({ preemptionPolicy: 'PreemptLowerPriority' });
    expect(`${header(priorityClasses)} / ${row(priorityClasses, priorityClass)}`)
      .to.equal('NAME | VALUE | GLOBAL-DEFAULT | AGE | PREEMPTIONPOLICY / high | 1000 | false | <unknown> | PreemptLowerPriority');
  });
});

describe('volumeAttributesClasses', () => {
  const attributesClass = { metadata: { name: 'fast' }, driverName: 'csi.example.com', parameters: { iops: '4000' } };

  judgesCreation(volumeAttributesClasses, attributesClass, [
    ['driverName', '', 'driverName: Required'],
    ['driverName', 'no driver', 'driverName: Invalid'],
    ['parameters', undefined, 'parameters: Required'],
    ['parameters', { '': 'x' }, 'parameters: Invalid'],
  ]);
  judgesUpdate(volumeAttributesClasses, attributesClass, [
    ['driverName', 'other.example.com', 'driverName: Forbidden'],
    ['parameters', { iops: '1' }, 'parameters: Forbidden'],
  ]);

  it('print as kubectl users know them', () => {
    expect(`${header(volumeAttributesClasses)} / ${row(volumeAttributesClasses, attributesClass)}`).to.equal('NAME | DRIVERNAME | AGE / fast | csi.example.com | <unknown>');
  });
});
