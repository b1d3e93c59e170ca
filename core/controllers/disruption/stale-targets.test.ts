import { expect } from 'chai';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import { harnessAround } from '#test/fixtures/harness-around.ts';
import { StaleTargetsController } from './stale-targets.ts';

const key = (name: string) => ({ namespace: 'default', name });

for (const stale of [false, true]) {
  describe(`stale-disruption-targets${stale ? ' with slow caches' : ''}`, () => {
    it('takes the condition back after two minutes, unless the pod ends or its node said so', async () => {
      const { harness, client, clock, stop } = await harnessAround((around) => [new StaleTargetsController(around)], { seed: 2, stale });
      await harness.start();
      const began = clock.now();
      const target = async (name: string, reason: string, phase = 'Running'): Promise<void> => {
        await client.create(Pod, { metadata: key(name), spec: { containers: [{ name: 'main', image: 'i' }], nodeName: 'n1' } });
        const conditions = [{ type: 'Ready', status: 'True' }, { type: 'DisruptionTarget', status: 'True', reason, message: 'soon', lastTransitionTime: rfc3339(began) }];
        await client.patchStatus(Pod, key(name), { type: 'merge', document: { status: { phase, conditions } } });
      };
      await target('evicted', 'EvictionByEvictionAPI');
      await target('pressed', 'TerminationByKubelet');
      await target('ended', 'EvictionByEvictionAPI', 'Failed');
      await target('going', 'EvictionByEvictionAPI');
      await client.delete(Pod, key('going'));
      const conditionsOf = async (name: string) => (await client.get(Pod, key(name))).status.conditions?.map(({ type, status, reason }) => `${type} ${status} ${reason}`);
      await harness.settle(119_000);
      expect(await conditionsOf('evicted')).to.deep.equal(['Ready True undefined', 'DisruptionTarget True EvictionByEvictionAPI']);
      await harness.settle(121_000);
      expect(await conditionsOf('evicted')).to.deep.equal(['Ready True undefined', 'DisruptionTarget False undefined']);
      for (const [name, reason] of [['pressed', 'TerminationByKubelet'], ['ended', 'EvictionByEvictionAPI'], ['going', 'EvictionByEvictionAPI']] as const) {
        expect(await conditionsOf(name), name).to.include(`DisruptionTarget True ${reason}`);
      }
      expect(harness.effects).to.have.length(1);
      await stop();
    });
  });
}
