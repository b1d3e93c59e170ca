import { expect } from 'chai';
import { silentLogger } from '#core/kernel/logger.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { CallBudgets, PlatformCall } from '#core/spi/platform-calls.ts';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import { guardedCalls } from './guarded-calls.ts';

const { signal } = new AbortController();
const call = (name: string, changes: Partial<PlatformCall> = {}): PlatformCall => ({ name, scope: 'here', isRepeatable: false, ...changes });
const passing = (reason: 'Unknown' | 'Unavailable'): ProviderError => new ProviderError(reason, 'lost', { isPassing: true });

function world(budgets: CallBudgets = () => undefined) {
  const clock = new FakeClock();
  const { calls, counted } = guardedCalls({ budgets, clock, log: silentLogger, random: () => 0.5 });
  return { clock, calls, counted };
}

/** Sends many at once. @returns when each went, in milliseconds from now */
function storm({ clock, calls }: Pick<ReturnType<typeof world>, 'clock' | 'calls'>, count: number, about: PlatformCall): readonly number[] {
  const begun = clock.now();
  const went: number[] = [];
  for (let i = 0; i < count; i++) {
    void calls.run(about, () => {
      went.push(clock.now() - begun);
      return Promise.resolve();
    }, signal);
  }
  return went;
}

describe('calls of a platform', () => {
  it('pass at its rate: a burst at once, then one after the other', async () => {
    const parts = world(() => ({ group: 'writes', perSecond: 5, burst: 10 }));
    const went = storm(parts, 25, call('Create'));
    await parts.clock.advance(2_800);
    expect(went.filter((at) => at === 0)).to.have.length(10);
    expect(went.filter((at) => at <= 1_000)).to.have.length(15);
    expect(went).to.have.length(24);
    await parts.clock.advance(400);
    expect(went).to.have.length(25);
    expect([...went]).to.deep.equal(went.toSorted((a, b) => a - b));
  });

  it('share the bucket of their group and scope, and no other', async () => {
    const parts = world(({ name }) => ({ group: name.startsWith('Describe') ? 'reads' : 'writes', perSecond: 1, burst: 1 }));
    const went = [storm(parts, 1, call('Create')), storm(parts, 1, call('Delete')), storm(parts, 1, call('DescribeThis')), storm(parts, 1, call('Create', { scope: 'elsewhere' }))];
    await settle();
    expect(went.map(({ length }) => length)).to.deep.equal([1, 0, 1, 1]);
  });

  it('leave the queue when their signal aborts, and the others move up', async () => {
    const parts = world(() => ({ group: 'all', perSecond: 1, burst: 1 }));
    storm(parts, 1, call('Create'));
    const leaving = new AbortController();
    const left = parts.calls.run(call('Create'), () => Promise.resolve('sent'), leaving.signal).catch((error: unknown) => error);
    const went = storm(parts, 1, call('Create'));
    leaving.abort(new Error('enough'));
    expect(await left).to.have.property('message', 'enough');
    await parts.clock.advance(1_000);
    expect(went).to.deep.equal([1_000]);
  });

  it('slow down when the platform refuses, and come back to its rate', async () => {
    const parts = world(() => ({ group: 'all', perSecond: 10, burst: 10 }));
    let refusals = 1;
    const refused = parts.calls.run(call('Create'), () => (refusals-- > 0 ? Promise.reject(new ProviderError('Throttled', 'too many')) : Promise.resolve('sent')), signal);
    await settle();
    const went = storm(parts, 100, call('Create'));
    await parts.clock.advance(5_000);
    expect(parts.counted.figures.get('Create')).to.include({ throttled: 1, failed: 0 });
    expect(went[0]).to.be.greaterThan(500);
    expect(went.filter((at) => at <= 5_000).length).to.be.within(20, 32);
    await parts.clock.advance(60_000);
    expect(await refused).to.equal('sent');
    const later = storm(parts, 100, call('Create'));
    await parts.clock.advance(5_000);
    expect(later.length).to.be.within(58, 60);
  });

  it('are sent again after a moment of trouble, each attempt counted', async () => {
    const parts = world();
    let troubles = 3;
    const sent = parts.calls.run(call('Describe', { isRepeatable: true }), () => (troubles-- > 0 ? Promise.reject(passing('Unavailable')) : Promise.resolve('answer')), signal);
    await parts.clock.advance(5_000);
    expect(await sent).to.equal('answer');
    expect(parts.counted.figures.get('Describe')).to.include({ sent: 4, failed: 3, throttled: 0 });
  });

  it('end with what lasts', async () => {
    const parts = world();
    const sent = parts.calls.run(call('Describe'), () => Promise.reject(passing('Unavailable')), signal).catch((error: unknown) => error);
    await parts.clock.advance(60_000);
    expect(await sent).to.have.property('reason', 'Unavailable');
    expect(parts.counted.figures.get('Describe')).to.include({ sent: 4, failed: 4 });
  });

  it('are not sent again after a lost answer unless they may be', async () => {
    const parts = world();
    const lost = (about: PlatformCall): Promise<unknown> => parts.calls.run(about, () => Promise.reject(passing('Unknown')), signal).catch((error: unknown) => error);
    const both = [lost(call('Once')), lost(call('Again', { isRepeatable: true }))];
    await parts.clock.advance(60_000);
    expect((await Promise.all(both)).map((error) => (error as ProviderError).reason)).to.deep.equal(['Unknown', 'Unknown']);
    expect([parts.counted.figures.get('Once')?.sent, parts.counted.figures.get('Again')?.sent]).to.deep.equal([1, 4]);
  });

  it('are not sent again when they were refused for what they are', async () => {
    const parts = world();
    const failure = await parts.calls.run(call('Create', { isRepeatable: true }), () => Promise.reject(new ProviderError('Unavailable', 'in use')), signal).catch((error: unknown) => error);
    expect(failure).to.have.property('message', 'in use');
    expect(parts.counted.figures.get('Create')?.sent).to.equal(1);
  });
});
