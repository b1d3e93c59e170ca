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

  it('has the text of what was just written at hand, of the newest only', () => {
    const objects = Array.from({ length: 300 }, () => counted());
    for (const { object } of objects) objectText.written(Object.freeze(object), 'as written');
    expect(objectText.of(objects.at(-1)?.object as KubernetesObject)).to.equal('as written');
    expect(objectText.of(objects[0]?.object as KubernetesObject)).to.equal('{"text":"x"}');
    expect([objects.at(-1)?.written(), objects[0]?.written()]).to.deep.equal([0, 1]);
  });

  it('has little of what was written at hand, however large it is', () => {
    const objects = Array.from({ length: 10 }, () => counted());
    for (const { object } of objects) objectText.written(Object.freeze(object), 'x'.repeat(600_000));
    for (const { object } of objects) objectText.of(object);
    expect(objects.map(({ written }) => written())).to.deep.equal([1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
  });

  it('lets go of the oldest text when there is too much of it', () => {
    const first = counted();
    objectText.of(Object.freeze(first.object));
    for (let n = 0; n < 33; n++) objectText.of(Object.freeze(counted(1024 * 1024).object));
    objectText.of(first.object);
    expect(first.written()).to.equal(2);
  });
});
