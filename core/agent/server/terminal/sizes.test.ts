import { expect } from 'chai';
import { TerminalSizes, type TerminalSize } from './sizes.ts';

describe('TerminalSizes', () => {
  const read = (...chunks: string[]): TerminalSize[] => {
    const found: TerminalSize[] = [];
    const sizes = new TerminalSizes((size) => found.push(size));
    for (const chunk of chunks) sizes.take(Buffer.from(chunk));
    return found;
  };

  it('reads objects however they come', () => {
    expect(read('{"Width":80,"Height":25}\n{"Width":81,', '"Height":2', '6}')).to.deep.equal([{ width: 80, height: 25 }, { width: 81, height: 26 }]);
  });

  it('passes over what is none, and goes on', () => {
    const others = ['{}', '{"Width":0,"Height":1}', '{"Width":1.5,"Height":1}', '{"Width":70000,"Height":1}', '{"Width":"80","Height":25}', 'noise}', 'null}', `${'['.repeat(100_000)}}`];
    expect(read(...others, '{"Width":80,"Height":25}')).to.deep.equal([{ width: 80, height: 25 }]);
  });

  it('keeps little of what never ends', () => {
    const found: TerminalSize[] = [];
    const sizes = new TerminalSizes((size) => found.push(size));
    for (let i = 0; i < 2000; i++) sizes.take(Buffer.alloc(10_000, 'x'));
    sizes.take(Buffer.from('}{"Width":80,"Height":25}'));
    expect(found).to.deep.equal([{ width: 80, height: 25 }]);
  });
});
