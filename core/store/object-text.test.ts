import { expect } from 'chai';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { objectText } from './object-text.ts';

/** An object that counts how often it is written as text. */
function counted(size = 1): { object: KubernetesObject; written: () => number } {
  let written = 0;
  const toJSON = (): unknown => {
    written++;
    return { text: 'x'.repeat(size) };
  };
  return { object: { metadata: { name: 'one' }, toJSON } as unknown as KubernetesObject, written: () => written };
}

describe('ObjectText', () => {
  it('writes a stored object once for all its readers', () => {
    const { object, written } = counted();
    Object.freeze(object);
    expect(objectText.of(object)).to.equal('{"text":"x"}').and.equal(objectText.of(object));
    expect(written()).to.equal(1);
  });

  it('writes an object that may still change anew each time', () => {
    const { object, written } = counted();
    objectText.of(object);
    objectText.of(object);
    expect(written()).to.equal(2);
  });

  it('lets go of the oldest text when there is too much of it', () => {
    const first = counted();
    objectText.of(Object.freeze(first.object));
    for (let n = 0; n < 33; n++) objectText.of(Object.freeze(counted(1024 * 1024).object));
    objectText.of(first.object);
    expect(first.written()).to.equal(2);
  });
});
