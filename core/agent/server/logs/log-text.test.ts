import { expect } from 'chai';
import type { LogLine } from '#core/spi/container-runtime.ts';
import { LogText } from './log-text.ts';

describe('LogText', () => {
  const line = (content: string, stream: LogLine['stream'] = 'stdout'): LogLine => ({ stream, time: 'T', content: Buffer.from(content) });
  const shown = (query: Partial<ConstructorParameters<typeof LogText>[0]>, ...lines: LogLine[]): string => {
    const text = new LogText({ timestamps: false, limitBytes: undefined, stream: undefined, ...query });
    return lines.map((one) => text.of(one).toString()).join('|');
  };

  it('puts the time before each line, and not before the pieces of a long one', () => {
    expect(shown({ timestamps: true }, line('a\n'), line('long '), line('err\n', 'stderr'), line('line\n'), line('b'))).to.equal('T a\n|T long |T err\n|line\n|T b');
  });

  it('leaves out the other stream', () => {
    expect(shown({ stream: 'stderr' }, line('a\n'), line('b\n', 'stderr'))).to.equal('|b\n');
  });

  it('ends after so many bytes, those of times among them', () => {
    expect(shown({ limitBytes: 5, timestamps: true }, line('ab\n'), line('cd\n'))).to.equal('T ab\n|');
    const text = new LogText({ timestamps: false, limitBytes: 3, stream: undefined });
    expect([text.of(line('ab')).length, text.isComplete, text.of(line('cd')).length, text.isComplete]).to.deep.equal([2, false, 1, true]);
  });
});
