import { expect } from 'chai';
import type { Kind } from '#core/api/schema/kind.ts';
import type { ServedKind, ServedKinds } from '#core/client/served-kinds.ts';
import { FakeClient } from '#test/fixtures/fake-client.ts';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import { recordingLogger } from '#test/fixtures/recording-logger.ts';
import { Widget } from '#test/fixtures/widget.ts';
import type { Source } from './controller.ts';
import { SharedInformers } from './informers.ts';
import { KindSources } from './kind-sources.ts';

const kindOf = (name: string): Kind => ({ ...Widget, kind: name, plural: `${name.toLowerCase()}s` });
const [Apple, Pear, Secret] = [kindOf('Apple'), kindOf('Pear'), kindOf('Secret')];

class ChangingKinds implements ServedKinds {
  all: readonly ServedKind[] = [];
  readonly #listeners: (() => void)[] = [];

  /** Without a word, as before anybody listened. */
  hold(...kinds: readonly Kind[]): void {
    this.all = kinds.map((kind) => ({ kind, verbs: [] }));
  }

  show(...kinds: readonly Kind[]): void {
    this.hold(...kinds);
    for (const listener of this.#listeners) listener();
  }

  find = (): undefined => undefined;

  onChange(listener: () => void): () => void {
    this.#listeners.push(listener);
    return () => undefined;
  }
}

describe('KindSources', () => {
  let kinds: ChangingKinds;
  let added: string[];
  const make = (): KindSources => new KindSources({
    kinds, informers: new SharedInformers({ reader: new FakeClient(), clock: new FakeClock(), logger: recordingLogger() }), wanted: ({ kind }) => kind !== Secret, keys: () => [],
  });
  const add = ({ informer: { kind } }: Source): () => void => {
    added.push(kind.kind);
    return () => (added = added.filter((name) => name !== kind.kind));
  };
  const followed = (sources: KindSources): string[] => sources.informers.map(({ kind }) => kind.kind);

  beforeEach(() => {
    kinds = new ChangingKinds();
    added = [];
  });

  it('follows the wanted kinds as they come and go', () => {
    kinds.hold(Apple, Secret);
    const sources = make();
    sources.follow(add);
    expect([followed(sources), added]).to.deep.equal([['Apple'], ['Apple']]);
    kinds.show(Apple, Pear, Secret);
    expect([followed(sources), added]).to.deep.equal([['Apple', 'Pear'], ['Apple', 'Pear']]);
    kinds.show(Pear);
    expect([followed(sources), added]).to.deep.equal([['Pear'], ['Pear']]);
    expect([sources.of(Pear)?.kind, sources.of(Apple)]).to.deep.equal([Pear, undefined]);
  });

  it('follows kinds that came before it listened, and has nobody wait for them', async () => {
    kinds.hold(Apple);
    const sources = make();
    kinds.hold(Apple, Pear);
    sources.follow(add);
    expect(followed(sources), 'what the start waits for').to.deep.equal(['Apple']);
    await settle();
    expect([followed(sources), added]).to.deep.equal([['Apple', 'Pear'], ['Apple', 'Pear']]);
  });
});
