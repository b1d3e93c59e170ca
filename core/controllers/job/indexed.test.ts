import { expect } from 'chai';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { indexIn, JobWorld } from '#test/fixtures/job-world.ts';
import { completionIndexKey, failureCountAnnotation, ignoredFailureCountAnnotation } from './names.ts';

const minute = 60_000;
const indexed = { completionMode: 'Indexed' } as const;

for (const stale of [false, true]) {
  describe(`an Indexed job${stale ? ' with slow caches' : ''}`, () => {
    let world: JobWorld;
    beforeEach(async () => {
      world = await JobWorld.begin({ seed: 3, stale });
    });
    afterEach(() => world.stop());

    const running = async (): Promise<number[]> => (await world.active()).map(indexIn).toSorted((a, b) => a - b);

    it('runs a pod for each index, which knows it', async () => {
      await world.make({ ...indexed, completions: 4, parallelism: 2 });
      await world.settle();
      expect(await running()).to.deep.equal([0, 1]);
      const [pod] = (await world.active()).toSorted((a, b) => indexIn(b) - indexIn(a));
      expect(pod?.metadata.name).to.match(/^work-1-[a-z0-9]{5}$/);
      expect([pod?.metadata.labels?.[completionIndexKey], pod?.spec.hostname]).to.deep.equal(['1', 'work-1']);
      expect(pod?.spec.containers[0]?.env).to.deep.equal([{ name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: `metadata.labels['${completionIndexKey}']` } } }]);
      await world.exitAll((each) => (indexIn(each) === 0 ? 1 : 0));
      await world.settle(minute);
      expect([await running(), (await world.status()).completedIndexes, await world.counts()]).to.deep.equal([[0, 2], '1', '2/1/1']);
      await world.exitAll(() => 0);
      await world.settle();
      await world.exitAll(() => 0);
      await world.settle();
      const { completedIndexes, failedIndexes } = await world.status();
      expect([completedIndexes, failedIndexes, await world.counts(), (await world.conditions()).at(-1)]).to.deep.equal(['0-3', undefined, '0/4/1', 'Complete CompletionsReached']);
    });

    it('grows and shrinks with its completions', async () => {
      await world.make({ ...indexed, completions: 4, parallelism: 4 });
      await world.settle();
      const last = (await world.active()).find((each) => indexIn(each) === 3);
      await world.exit(last!, 0);
      await world.settle();
      await world.patch({ completions: 2, parallelism: 2 });
      await world.settle();
      expect([await running(), (await world.status()).completedIndexes ?? '']).to.deep.equal([[0, 1], '']);
      await world.patch({ completions: 5, parallelism: 5 });
      await world.settle();
      expect(await running()).to.deep.equal([0, 1, 2, 3, 4]);
    });

    it('succeeds early by its policy', async () => {
      await world.make({ ...indexed, completions: 5, parallelism: 5, successPolicy: { rules: [{ succeededIndexes: '0' }, { succeededIndexes: '1-3', succeededCount: 2 }] } });
      await world.settle();
      const exit = async (index: number): Promise<void> => {
        const pod = (await world.active()).find((each) => indexIn(each) === index);
        await world.exit(pod!, 0);
        await world.settle();
      };
      await exit(4);
      await exit(2);
      expect(await world.conditions()).to.deep.equal([]);
      await exit(3);
      expect([await world.counts(), (await world.status()).completedIndexes, await world.conditions(), await running()])
        .to.deep.equal(['0/3/0', '2-4', ['SuccessCriteriaMet SuccessPolicy', 'Complete SuccessPolicy'], []]);
      expect((await world.status()).conditions?.[0]?.message).to.equal('Matched rules at index 1');
    });

    it('gives up single indexes, each with a back-off of its own', async () => {
      await world.make({ ...indexed, completions: 3, parallelism: 3, backoffLimitPerIndex: 1 });
      await world.settle();
      const failOdd = (pod: Pod): number => (indexIn(pod) === 1 ? 1 : 0);
      await world.exitAll(failOdd);
      await world.pass(9000);
      expect([await running(), (await world.status()).failedIndexes]).to.deep.equal([[], '']);
      await world.pass(1000);
      const [again] = await world.active();
      expect([indexIn(again!), again?.metadata.annotations?.[failureCountAnnotation]]).to.deep.equal([1, '1']);
      await world.exitAll(failOdd);
      await world.settle();
      const { completedIndexes, failedIndexes } = await world.status();
      expect([completedIndexes, failedIndexes, await world.counts()]).to.deep.equal(['0,2', '1', '0/2/2']);
      expect(await world.conditions()).to.deep.equal(['FailureTarget FailedIndexes', 'Failed FailedIndexes']);
      expect(world.messages()).to.deep.equal(['Warning FailedIndexes Job has failed indexes']);
      expect((await world.pods()).flatMap(({ metadata }) => metadata.finalizers ?? [])).to.deep.equal([]);
    });

    it('fails beyond so many failed indexes', async () => {
      await world.make({ ...indexed, completions: 6, parallelism: 3, backoffLimitPerIndex: 0, maxFailedIndexes: 1 });
      await world.settle();
      await world.exitAll((pod) => (indexIn(pod) < 2 ? 1 : 0));
      await world.settle();
      const { completedIndexes, failedIndexes = '' } = await world.status();
      // The fourth may have begun by then, and is deleted with the others.
      expect(['0,1', '0,1,3']).to.include(failedIndexes);
      expect([completedIndexes, await world.conditions()]).to.deep.equal(['2', ['FailureTarget MaxFailedIndexesExceeded', 'Failed MaxFailedIndexesExceeded']]);
    });

    describe('with a policy for failures', () => {
      const rules = [
        { action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } },
        { action: 'FailIndex', onExitCodes: { operator: 'In', values: [43] } },
        { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        { action: 'Count', onExitCodes: { containerName: 'main', operator: 'NotIn', values: [1] } },
      ] as const;
      const podFailurePolicy = { rules: rules.map((rule) => structuredClone(rule)) } as never;

      it('fails the Job, with all its pods', async () => {
        await world.make({ ...indexed, completions: 3, parallelism: 3, backoffLimitPerIndex: 5, podFailurePolicy });
        await world.settle();
        const pod = (await world.active()).find((each) => indexIn(each) === 1);
        await world.exit(pod!, 42);
        await world.settle();
        expect([await world.counts(), await running(), await world.conditions()]).to.deep.equal(['0/0/3', [], ['FailureTarget PodFailurePolicy', 'Failed PodFailurePolicy']]);
        expect(world.messages()).to.deep.equal([`Warning PodFailurePolicy Container main for pod default/${pod!.metadata.name} failed with exit code 42 matching FailJob rule at index 0`]);
      });

      it('fails an index at once', async () => {
        await world.make({ ...indexed, completions: 2, parallelism: 2, backoffLimitPerIndex: 5, podFailurePolicy });
        await world.settle();
        await world.exitAll((pod) => (indexIn(pod) === 0 ? 43 : 0));
        await world.settle(20 * minute);
        expect([(await world.status()).failedIndexes, await world.counts(), (await world.conditions()).at(-1)]).to.deep.equal(['0', '0/1/1', 'Failed FailedIndexes']);
      });

      it('passes over failures, but waits after them', async () => {
        await world.make({ ...indexed, completions: 1, parallelism: 1, backoffLimitPerIndex: 0, podFailurePolicy });
        await world.settle();
        for (const wait of [10_000, 20_000]) {
          const [pod] = await world.active();
          await world.report(pod!, { phase: 'Failed', conditions: [{ type: 'DisruptionTarget', status: 'True' }, { type: 'Ready', status: 'False', lastTransitionTime: new Date(world.clock.now()).toISOString() }] });
          await world.pass(wait - 2000);
          expect(await running()).to.deep.equal([]);
          await world.pass(2000);
          expect(await running()).to.deep.equal([0]);
        }
        const [pod] = await world.active();
        expect([pod?.metadata.annotations?.[failureCountAnnotation], pod?.metadata.annotations?.[ignoredFailureCountAnnotation], await world.counts()]).to.deep.equal(['0', '2', '1/0/0']);
        await world.exitAll(() => 0);
        await world.settle();
        expect([(await world.conditions()).at(-1), await world.counts()]).to.deep.equal(['Complete CompletionsReached', '0/1/0']);
      });
    });
  });
}
