import { expect } from 'chai';
import { APIService } from '#core/api/schema/apiregistration-v1.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { harnessAround } from '#test/fixtures/harness-around.ts';
import { ApiServiceController } from './controller.ts';

describe('availability of APIServices', () => {
  const name = 'v1.fruit.example.com';
  let world: Awaited<ReturnType<typeof harnessAround>>;
  /** What the server is asked, and what is wrong with its answer. */
  let asked: string[];
  let problem: string | undefined;

  beforeEach(async () => {
    [asked, problem] = [[], undefined];
    world = await harnessAround((parts) => [new ApiServiceController({ ...parts, check: async ({ metadata }) => {
      asked.push(metadata.name);
      return problem;
    } })]);
    await world.harness.start();
    await world.client.create(Service, { metadata: { namespace: 'default', name: 'fruit' }, spec: { type: 'ExternalName', externalName: 'fruit.example.com' } });
    await world.client.create(APIService, { metadata: { name }, spec: { group: 'fruit.example.com', version: 'v1', service: { namespace: 'default', name: 'fruit' }, groupPriorityMinimum: 100, versionPriority: 10 } });
    await world.harness.settle(0);
  });
  afterEach(() => world.stop());

  const condition = async () => (await world.client.get(APIService, { name })).status.conditions?.find(({ type }) => type === 'Available');

  it('is said once, and looked at every half minute', async () => {
    const first = await condition();
    expect(first).to.include({ status: 'True', reason: 'Passed', message: 'all checks passed' });
    const { metadata } = await world.client.get(APIService, { name });
    asked = [];
    await world.harness.settle(31_000);
    expect(asked).to.deep.equal([name]);
    expect((await world.client.get(APIService, { name })).metadata.resourceVersion, 'nothing new is nothing to write').to.equal(metadata.resourceVersion);
  });

  it('changes its time only with its status', async () => {
    const { lastTransitionTime } = (await condition())!;
    problem = 'bad status: 500';
    await world.harness.settle(31_000);
    const failed = await condition();
    expect(failed).to.include({ status: 'False', reason: 'FailedDiscoveryCheck', message: 'bad status: 500' });
    expect(failed!.lastTransitionTime).to.not.equal(lastTransitionTime);
    problem = 'bad status: 501';
    await world.harness.settle(5000);
    expect(await condition()).to.include({ message: 'bad status: 501', lastTransitionTime: failed!.lastTransitionTime });
  });

  it('is looked at less and less often while the server does not answer, and at once when something changes', async () => {
    problem = 'no';
    await world.harness.settle(31_000);
    asked = [];
    await world.harness.settle(63_000);
    expect(asked.length, 'after 1, 2, 4, 8, 16 and 30 s').to.be.within(5, 6);
    [asked, problem] = [[], undefined];
    await world.client.patch(Service, { namespace: 'default', name: 'fruit' }, { type: 'merge', document: { metadata: { labels: { a: 'b' } } } });
    await world.harness.settle(0);
    expect(asked.length).to.be.greaterThan(0);
    expect(await condition()).to.include({ status: 'True' });
  });

  it('needs no asking for what this server serves itself', async () => {
    asked = [];
    await world.client.patch(APIService, { name }, { type: 'json', operations: [{ op: 'remove', path: '/spec/service' }] });
    await world.harness.settle(0);
    expect(await condition()).to.include({ status: 'True', reason: 'Local', message: 'Local APIServices are always available' });
    expect(asked).to.deep.equal([]);
  });
});
