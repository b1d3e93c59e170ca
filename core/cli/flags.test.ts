import { expect } from 'chai';
import { UsageError } from './failure.ts';
import { backupFlags, parseFlags, upFlags, valueOf, type FlagValues } from './flags.ts';

const parse = (...args: string[]): FlagValues => {
  const values = parseFlags('keelson up', upFlags, args);
  if (values === 'help') throw new Error('help was not asked for');
  return values;
};

describe('command line flags', () => {
  it('have defaults', () => {
    const values = parse();
    expect(valueOf(values, 'port')).to.equal('6443');
    expect(valueOf(values, 'host')).to.equal('127.0.0.1');
    expect(valueOf(values, 'store')).to.equal('sqlite');
    expect(values.get('provider')).to.deep.equal(['local']);
    expect(valueOf(values, 'data-dir')).to.match(/^\/.*\.keelson$/);
  });

  it('take their value after a blank or an equals sign', () => {
    const values = parse('--port', '0', '--data-dir=/tmp/a b', '--log-format=json');
    expect([valueOf(values, 'port'), valueOf(values, 'data-dir'), valueOf(values, 'log-format')]).to.deep.equal(['0', '/tmp/a b', 'json']);
  });

  it('keep every value of a repeatable flag, and the last of another', () => {
    const values = parse('--provider', 'local', '--provider=@acme/metal', '--port', '1', '--port', '2');
    expect(values.get('provider')).to.deep.equal(['local', '@acme/metal']);
    expect(values.get('port')).to.deep.equal(['2']);
  });

  it('come in any order with what the command works on', () => {
    for (const args of [['a b', '--force', '--store=x'], ['--force', '--store', 'x', 'a b'], ['--store=x', '--force', '--', 'a b']]) {
      const values = parseFlags('keelson backup', backupFlags, args, ['FILE']);
      expect(values).to.be.instanceOf(Map);
      if (values !== 'help') expect([valueOf(values, 'FILE'), valueOf(values, 'force'), valueOf(values, 'store')]).to.deep.equal(['a b', 'true', 'x']);
    }
    const plain = parseFlags('keelson backup', backupFlags, ['--', '--force'], ['FILE']);
    expect(plain !== 'help' && [valueOf(plain, 'FILE'), valueOf(plain, 'force')]).to.deep.equal(['--force', 'false']);
    for (const args of [[], [''], ['--force']]) expect(() => parseFlags('keelson backup', backupFlags, args, ['FILE'])).to.throw(UsageError, 'keelson backup needs FILE: keelson backup FILE');
    expect(() => parseFlags('keelson backup', backupFlags, ['a', 'b'], ['FILE'])).to.throw(UsageError, 'does not understand "b"');
  });

  it('are explained on demand', () => {
    expect(parseFlags('keelson up', upFlags, ['--port', '1', '--help'])).to.equal('help');
    expect(parseFlags('keelson up', upFlags, ['-h'])).to.equal('help');
  });

  for (const [args, sentence] of [
    [['--prot', '1'], 'unknown flag --prot'],
    [['-p', '1'], 'unknown flag -p'],
    [['--no-port'], 'unknown flag --no-port'],
    [['now'], 'does not understand "now"'],
    [['--', '--port'], 'does not understand "--port"'],
    [['--port'], '--port needs a value: --port N'],
    [['--port='], '--port needs a value'],
    [['--port', '--host', 'x'], '--port needs a value'],
    [['--port', '65536'], '--port 65536: must be a number from 0 to 65535'],
    [['--port', '80.5'], '--port 80.5: must be'],
    [['--port=-1'], '--port -1: must be'],
    [['--log-level', 'loud'], '--log-level loud: must be error, warn, info or debug'],
    [['--log-format', 'xml'], '--log-format xml: must be text or json'],
  ] as const) {
    it(`refuse ${args.join(' ')}`, () => {
      expect(() => parse(...args)).to.throw(UsageError, sentence);
    });
  }
});
