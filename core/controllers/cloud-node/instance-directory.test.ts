import { expect } from 'chai';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { InstanceAnswer, Instances } from '#core/spi/instances.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { MemoryInstances } from '#test/fixtures/memory-instances.ts';
import { recordingLogger } from '#test/fixtures/recording-logger.ts';
import { InstanceDirectory, type Answer } from './instance-directory.ts';

const never = new AbortController().signal;
const node = (name: string, providerID = ''): Node => ({ metadata: { name }, spec: { providerID } }) as Node;

describe('InstanceDirectory', () => {
  const clock = new FakeClock();

  async function ask(describe: Instances['describe'], asked = node('n1', 'memory://a/i-1'), ms = 100) {
    const logger = recordingLogger();
    const instances = Object.assign(new MemoryInstances(), { describe });
    const directory = new InstanceDirectory({ instances: [instances], clock, logger });
    const answer = directory.ask(instances, asked, never);
    await clock.advance(ms);
    return { answer: await answer, logger };
  }
  const metadata = { providerId: 'memory://a/i-1', instanceType: '', zone: '', region: '', addresses: [], labels: {} };
  const running = (providerId: string): InstanceAnswer => ({ state: 'running', metadata: { ...metadata, providerId } });
  const reasonOf = (answer: Answer): string => (answer.state === 'unknown' ? answer.reason : expect.fail(`expected not to know, not ${JSON.stringify(answer)}`));

  it('hands on what the provider knows', async () => {
    expect((await ask(async () => [running('memory://a/i-1')])).answer).to.deep.equal(running('memory://a/i-1'));
    expect((await ask(async () => [{ state: 'gone' }])).answer).to.deep.equal({ state: 'gone' });
    expect((await ask(async () => [running('memory://a/i-7')], node('n1'))).answer.state).to.equal('running');
  });

  it('takes an answer about something else for none', async () => {
    expect(reasonOf((await ask(async () => [running('memory://a/i-2')])).answer)).to.equal('the provider memory was asked for memory://a/i-1, and answered for memory://a/i-2');
    expect(reasonOf((await ask(async () => [running('aws:///i-2')], node('n1'))).answer)).to.equal('the provider memory names "aws:///i-2", which is no id of its own');
    expect(reasonOf((await ask(async () => [undefined as never])).answer)).to.equal('the provider memory gave no answer');
  });

  it('does not know what a failing call would have told, and logs it once: what the platform refuses as a warning, a bug as an error', async () => {
    const refused = await ask(() => Promise.reject(new ProviderError('Throttled', 'slowly', { retryAfterMs: 7000 })));
    expect([refused.answer, refused.logger.at('warn').length, refused.logger.at('error').length]).to.deep.equal([{ state: 'unknown', reason: 'slowly', retryAfterMs: 7000 }, 1, 0]);
    for (const bug of [async () => [], async () => [running('memory://a/i-1'), running('memory://a/i-1')], () => Promise.reject(new TypeError('x is undefined'))]) {
      const { answer, logger } = await ask(bug);
      expect([answer.state, logger.at('warn').length, logger.at('error').length]).to.deep.equal(['unknown', 0, 1]);
    }
  });

  it('waits a minute for an answer', async () => {
    const { answer } = await ask((_questions, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))), undefined, 61_000);
    expect(reasonOf(answer)).to.equal('no answer from the provider memory within 60 s');
  });

  it('ends with the reason of who asks', async () => {
    const instances = new MemoryInstances();
    const directory = new InstanceDirectory({ instances: [instances], clock, logger: recordingLogger() });
    const life = new AbortController();
    const asked = directory.ask(instances, node('n1'), life.signal).catch(String);
    life.abort(new Error('over'));
    await clock.advance(1000);
    expect([await asked, instances.calls, clock.pending]).to.deep.equal(['Error: over', [], 0]);
  });
});
