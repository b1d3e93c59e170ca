import { expect } from 'chai';
import type { Draft } from '#core/api/schema/kind.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { PriorityClass } from '#core/api/schema/scheduling-v1.ts';
import { systemPriorityClasses } from '#core/registry/rules/system-priorities.ts';
import { admittingApi, type AdmittingApi } from '#test/fixtures/admitting-api.ts';
import { refusalOf } from '#test/fixtures/refusals.ts';
import { priority } from './priority.ts';

describe('Priority', () => {
  let world: AdmittingApi;
  beforeEach(async () => {
    world = await admittingApi(priority);
  });
  afterEach(() => world.stop());

  const createClass = (name: string, value: number, rest: Partial<Draft<PriorityClass>> = {}) => world.client.create(PriorityClass, { ...rest, metadata: { name }, value });
  const create = async (spec: Partial<Draft<Pod>['spec']> = {}): Promise<unknown[]> => {
    const pod = await world.client.create(Pod, { metadata: { namespace: 'default', generateName: 'p-' }, spec: { containers: [{ name: 'c', image: 'i' }], ...spec } });
    return [pod.spec.priorityClassName, pod.spec.priority, pod.spec.preemptionPolicy];
  };

  it('reads the priority from the class', async () => {
    await createClass('high', 1000, { preemptionPolicy: 'Never' });
    expect(await create({ priorityClassName: 'high' })).to.deep.equal(['high', 1000, 'Never']);
    expect(await create({ priorityClassName: 'high', priority: 1000, preemptionPolicy: 'Never' })).to.deep.equal(['high', 1000, 'Never']);
    expect(await create()).to.deep.equal([undefined, 0, 'PreemptLowerPriority']);
    for (const each of systemPriorityClasses) await world.client.create(PriorityClass, each);
    expect(await create({ priorityClassName: 'system-node-critical' })).to.deep.equal(['system-node-critical', 2000001000, 'PreemptLowerPriority']);
  });

  it('lets nobody claim another one', async () => {
    await createClass('high', 1000);
    expect(await refusalOf(create({ priorityClassName: 'none' }))).to.match(/^403 pods "p-\w+" is forbidden: no PriorityClass with name none was found$/);
    expect(await refusalOf(create({ priorityClassName: 'high', priority: 1001 }))).to.contain('the integer value of priority (1001) must not be provided in pod spec; priority admission controller computed 1000');
    expect(await refusalOf(create({ priority: 5 }))).to.contain('computed 0 from the given PriorityClass name');
    expect(await refusalOf(create({ priorityClassName: 'high', preemptionPolicy: 'Never' }))).to.contain('the string value of PreemptionPolicy (Never)');
  });

  it('has one default class at most', async () => {
    await createClass('standard', 10, { globalDefault: true });
    expect(await create()).to.deep.equal(['standard', 10, 'PreemptLowerPriority']);
    expect(await refusalOf(createClass('second', 20, { globalDefault: true })))
      .to.equal('403 priorityclasses.scheduling.k8s.io "second" is forbidden: PriorityClass standard is already marked as default. Only one default can exist');
    await createClass('second', 20);
    const mark = (name: string, globalDefault: boolean) => world.client.patch(PriorityClass, { name }, { type: 'merge', document: { globalDefault } });
    expect(await refusalOf(mark('second', true))).to.contain('is already marked as default');
    await world.client.patch(PriorityClass, { name: 'standard' }, { type: 'merge', document: { description: 'still the default' } });
    await mark('standard', false);
    await mark('second', true);
    expect(await create()).to.deep.equal(['second', 20, 'PreemptLowerPriority']);
  });

  it('keeps the priority when an update leaves it out', async () => {
    await createClass('high', 1000);
    const pod = await world.client.create(Pod, { metadata: { namespace: 'default', name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }], priorityClassName: 'high' } });
    const { priority: _priority, preemptionPolicy: _policy, ...spec } = pod.spec;
    expect((await world.client.update(Pod, { ...pod, spec })).spec).to.deep.include({ priority: 1000, preemptionPolicy: 'PreemptLowerPriority' });
  });
});
