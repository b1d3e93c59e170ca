import { expect } from 'chai';
import { inDocumentOrder } from './decode-order.ts';

describe('inDocumentOrder', () => {
  it('follows the document through objects, lists and maps', () => {
    const document: unknown = JSON.parse('{"b":[{"y":1},{"x":1,"w":1}],"a":{"__proto__":1,"m":{"k":1}},"c":1}');
    const paths = [['c'], ['a', 'm', { key: 'k' }], ['a', '__proto__'], ['b', 1, 'w'], ['b', 1, 'x'], ['b', 0, 'y']];
    expect(inDocumentOrder(document, paths))
      .to.deep.equal([['b', 0, 'y'], ['b', 1, 'x'], ['b', 1, 'w'], ['a', '__proto__'], ['a', 'm', { key: 'k' }], ['c']]);
    expect(inDocumentOrder(document, [])).to.deep.equal([]);
  });

  it('reads a wide document once, however many paths lead into it', () => {
    const document = Object.fromEntries(Array.from({ length: 300_000 }, (_each, i) => [`k${i}`, i]));
    const paths = Array.from({ length: 100 }, (_each, i) => [`k${299_999 - i}`]);
    const begin = performance.now();
    expect(inDocumentOrder(document, paths)).to.deep.equal(paths.toReversed());
    expect(performance.now() - begin).to.be.lessThan(2000);
  });
});
