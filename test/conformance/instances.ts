import { expect } from 'chai';
import type { InstanceAnswer, InstanceMetadata, InstanceQuestion, Instances } from '#core/spi/instances.ts';
import { canTellOwnNames } from '#core/spi/instances.ts';
import { Kit, type KitOptions } from './kit.ts';

export interface InstancesUnderTest {
  readonly instances: Instances;
  /** Makes an instance of the cluster, under which name a node of it would be. Resolves when it can be found. */
  launch(name: string): Promise<void>;
  /** Takes it away, and resolves when the platform says so. */
  terminate(name: string): Promise<void>;
  /** Stops it, and resolves when it is; left out where that cannot be. */
  stop?(name: string): Promise<void>;
  /** From now on every call to the platform fails. Left out where it cannot be had. */
  cutOff?(): Promise<void>;
  cleanup(): Promise<void>;
}

const signal = new AbortController().signal;

/**
 * The laws of `core/spi/instances.ts` as a mocha suite. In a provider's test file one line runs it:
 *
 *     instancesConformance('acme', async () => ({ instances: new AcmeInstances(…), … }));
 *
 * `make` is called for each check, and `cleanup` after it.
 */
export function instancesConformance(name: string, make: () => Promise<InstancesUnderTest>, options: KitOptions = {}): void {
  describe(`Instances conformance: ${name}`, () => {
    const kit = new Kit(make, options);
    const check = kit.check.bind(kit);
    const ask = async (...questions: readonly InstanceQuestion[]): Promise<readonly InstanceAnswer[]> => {
      const answers = await kit.subject.instances.describe(questions, signal);
      expect(answers).to.have.length(questions.length);
      return answers;
    };
    const byName = (node: string): InstanceQuestion => ({ node, providerId: '' });
    const byId = (providerId: string, node = 'of-no-meaning'): InstanceQuestion => ({ node, providerId });
    const metadataOf = (answer: InstanceAnswer | undefined): InstanceMetadata => {
      if (answer?.state !== 'running' && answer?.state !== 'shut-down') return expect.fail(`expected an instance, not ${JSON.stringify(answer)}`);
      return answer.metadata;
    };
    const launch = async (node: string): Promise<InstanceMetadata> => {
      await kit.subject.launch(node);
      return metadataOf((await ask(byName(node)))[0]);
    };
    const states = (answers: readonly InstanceAnswer[]): readonly string[] => answers.map(({ state }) => state);

    check('finds an instance by name, and the same by its id', async () => {
      const metadata = await launch('node-1');
      expect(metadata.providerId.startsWith(kit.subject.instances.providerIdPrefix), metadata.providerId).to.equal(true);
      expect(metadata.providerId.length).to.be.greaterThan(kit.subject.instances.providerIdPrefix.length);
      for (const { address } of metadata.addresses) expect(address).not.to.equal('');
      expect(await ask(byId(metadata.providerId))).to.deep.equal([{ state: 'running', metadata }]);
    });

    check('answers many questions in their order, whatever they are', async () => {
      const [one, two] = [await launch('node-1'), await launch('node-2')];
      expect(one.providerId).not.to.equal(two.providerId);
      const answers = await ask(byId(two.providerId), byName('nobody'), byName('node-1'), byId(`${kit.subject.instances.providerIdPrefix}../../etc`), byId(one.providerId), byId(two.providerId));
      expect([answers[0], answers[2], answers[4], answers[5]].map((answer) => metadataOf(answer))).to.deep.equal([two, one, one, two]);
      expect(answers[1]).to.deep.equal({ state: 'gone' });
      expect(answers[3]?.state).to.equal('unknown');
    });

    check('answers no question with nothing', async () => {
      expect(await ask()).to.deep.equal([]);
    });

    check('answers as many questions as one call takes', async () => {
      const { providerId } = await launch('node-1');
      const { mostPerCall } = kit.subject.instances;
      expect(mostPerCall).to.be.greaterThan(0);
      const answers = await ask(...Array.from({ length: mostPerCall - 1 }, (_, i) => byName(`nobody-${i}`)), byId(providerId));
      expect(new Set(states(answers.slice(0, -1))).size).to.be.at.most(1);
      expect(metadataOf(answers.at(-1)).providerId).to.equal(providerId);
    });

    check('says of an instance that went that it is gone, and of others that they are not', async () => {
      const [one, two] = [await launch('node-1'), await launch('node-2')];
      await kit.subject.terminate('node-1');
      expect(states(await ask(byId(one.providerId), byName('node-1'), byId(two.providerId)))).to.deep.equal(['gone', 'gone', 'running']);
    });

    check('finds the instance that is there now, when one of its name went before', async () => {
      const { providerId } = await launch('node-1');
      await kit.subject.terminate('node-1');
      const next = await launch('node-1');
      expect(states(await ask(byId(next.providerId), byName('node-1')))).to.deep.equal(['running', 'running']);
      if (next.providerId !== providerId) expect(states(await ask(byId(providerId)))).to.deep.equal(['gone']);
    });

    check('says of a stopped instance that it is there, and stopped', async () => {
      if (kit.subject.stop === undefined) return;
      const { providerId } = await launch('node-1');
      await kit.subject.stop('node-1');
      expect(states(await ask(byId(providerId)))).to.deep.equal(['shut-down']);
    });

    check('never takes for gone what is no id of this platform', async () => {
      const { providerIdPrefix } = kit.subject.instances;
      const words = ['', 'a b', '../..', '$(reboot)', '__proto__', '/'.repeat(5), 'x'.repeat(2_000), '\u0000'].map((rest) => providerIdPrefix + rest);
      expect(states(await ask(...['azure:///subscriptions/s/vm', ...words].map((id) => byId(id)).slice(0, kit.subject.instances.mostPerCall)))).to.not.include('gone');
    });

    check('finds no instance by a name that is none', async () => {
      for (const word of ['__proto__', 'a*', 'a,b', '../node-1']) expect(states(await ask(byName(word)))[0], word).to.be.oneOf(['gone', 'unknown']);
    });

    check('takes nothing for gone when the platform does not answer', async () => {
      if (kit.subject.cutOff === undefined) return;
      const { providerId } = await launch('node-1');
      await kit.subject.cutOff();
      const answers = await ask(byId(providerId), byName('node-1')).catch(() => []);
      for (const answer of answers) expect(answer.state).to.equal('unknown');
    });

    check('can be asked several times at once', async () => {
      const { providerId } = await launch('node-1');
      const answers = await Promise.all(Array.from({ length: 5 }, () => ask(byId(providerId))));
      expect(answers.flat().map((answer) => metadataOf(answer).providerId)).to.deep.equal(Array.from({ length: 5 }, () => providerId));
    });

    check('knows the names of its own nodes, where it says that it does', async () => {
      const { instances } = kit.subject;
      if (!canTellOwnNames(instances)) return;
      await launch('node-1');
      expect([instances.ownsName('node-1'), instances.ownsName('no name of anybody\'s')]).to.deep.equal([true, false]);
    });

    check('ends with the reason of a signal that has aborted', async () => {
      const reason = new Error('enough');
      expect(await kit.subject.instances.describe([byName('node-1')], AbortSignal.abort(reason)).then(() => undefined, (error: unknown) => error)).to.equal(reason);
    });

    kit.expectAllSkipsKnown();
  });
}
