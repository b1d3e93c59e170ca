import { expect } from 'chai';
import { longestManagerName, managerOfAgent, unprintableIn } from './manager-name.ts';

describe('the name of a manager', () => {
  it('is the program of the agent', () => {
    expect(managerOfAgent('kubectl/v1.33.0 (linux/amd64) kubernetes/abc')).to.equal('kubectl');
    expect(managerOfAgent('Mozilla 5.0')).to.equal('Mozilla 5.0');
    expect(managerOfAgent('/x')).to.equal('');
    expect(managerOfAgent('')).to.equal('');
  });

  it('leaves out what cannot be printed', () => {
    expect(managerOfAgent('a\u0000b\u200bc\td\u00e9\u00a0/x')).to.equal('abcd\u00e9');
  });

  it('is cut between characters', () => {
    expect(managerOfAgent('a'.repeat(1000))).to.equal('a'.repeat(longestManagerName));
    expect(managerOfAgent(`a${'\u00e9'.repeat(1000)}`)).to.equal(`a${'\u00e9'.repeat(63)}`);
  });

  it('tells which characters cannot be printed, and where', () => {
    expect(unprintableIn('my manager (\u00e9)')).to.deep.equal([]);
    expect(unprintableIn('\u00e9\n\u200b')).to.deep.equal(['invalid character U+000A (at position 2)', 'invalid character U+200B (at position 3)']);
    expect(unprintableIn('\n'.repeat(1_000_000))).to.have.length(longestManagerName);
  });
});
