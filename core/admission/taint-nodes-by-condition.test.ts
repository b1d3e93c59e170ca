import { expect } from 'chai';
import { Node, type Taint } from '#core/api/schema/core-v1/node.ts';
import { admittingApi, type AdmittingApi } from '#test/fixtures/admitting-api.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';

describe('TaintNodesByCondition', () => {
  let world: AdmittingApi;
  beforeEach(async () => {
    world = await admittingApi(taintNodesByCondition);
  });
  afterEach(() => world.stop());

  const notReady: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
  const other: Taint = { key: 'a', effect: 'NoExecute' };

  it('keeps pods off new nodes, and lets a controller change that', async () => {
    const node = await world.client.create(Node, { metadata: { name: 'n1' }, spec: { taints: [other] } });
    expect(node.spec.taints).to.deep.equal([other, notReady]);
    expect((await world.client.update(Node, { ...node, spec: { taints: [other] } })).spec.taints).to.deep.equal([other]);
    expect((await world.client.create(Node, { metadata: { name: 'n2' }, spec: { taints: [notReady] } })).spec.taints).to.deep.equal([notReady]);
  });
});
