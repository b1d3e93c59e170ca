import { expect } from 'chai';
import { agentFlags, given, nodeLabels, nodeTaints, reservedOf, valueIfGiven } from './agent-flags.ts';
import { UsageError } from './failure.ts';
import { parseFlags, type FlagValues } from './flags.ts';
import { durationOf, tokenFlags } from './token-flags.ts';

const parse = (...args: string[]): FlagValues => {
  const values = parseFlags('keelson agent', agentFlags, args);
  if (values === 'help') throw new Error('help was not asked for');
  return values;
};

describe('flags of keelson agent and keelson token', () => {
  it('say nothing unless they are given', () => {
    const values = parse();
    expect([valueIfGiven(values, 'server'), given(values, 'node-ip'), given(values, 'ca-hash'), nodeLabels(values), nodeTaints(values), reservedOf(values, 'system-reserved')])
      .to.deep.equal([undefined, [], [], {}, [], {}]);
  });

  it('describe a node', () => {
    const values = parse('--node-labels', 'zone=a,example.com/rack=', '--register-with-taints', 'gpu=yes:NoSchedule,new:NoExecute', '--system-reserved', 'cpu=500m,memory=1Gi', '--node-ip', '192.0.2.1', '--node-ip', '2001:db8::1');
    expect(nodeLabels(values)).to.deep.equal({ zone: 'a', 'example.com/rack': '' });
    expect(nodeTaints(values)).to.deep.equal([{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }, { key: 'new', effect: 'NoExecute' }]);
    expect(reservedOf(values, 'system-reserved')).to.deep.equal({ cpu: '500m', memory: '1Gi' });
    expect(given(values, 'node-ip')).to.deep.equal(['192.0.2.1', '2001:db8::1']);
  });

  for (const [args, sentence] of [
    [['--server', 'http://x'], '--server http://x: must be an https URL'],
    [['--token', 'abc'], '--token abc: must look like abcdef.0123456789abcdef'],
    [['--ca-hash', 'sha256:12'], '--ca-hash sha256:12: must be sha256: and 64 hexadecimal digits'],
    [['--node-name', 'No_Name'], '--node-name No_Name: '],
    [['--netns', 'node-1'], 'must be an absolute path'],
    [['--node-ip', 'localhost'], '"localhost" is no IP address'],
    [['--cluster-cidr', '10.0.0.1'], 'must be a range such as 10.244.0.0/16'],
    [['--port', '0'], '--port 0: must be a number from 1 to 65535'],
    [['--provider-id', 'i-0123'], '--provider-id i-0123: must look like provider://id'],
    [['--cloud-provider', 'aws'], '--cloud-provider aws: must be external'],
    [['--max-pods', '0'], '--max-pods 0: must be'],
  ] as const) {
    it(`refuse ${args.join(' ')}`, () => {
      expect(() => parse(...args)).to.throw(UsageError, sentence);
    });
  }

  it('refuse labels, taints and amounts that are none', () => {
    expect(() => nodeLabels(parse('--node-labels', 'zone'))).to.throw(UsageError, '--node-labels zone: must be KEY=VALUE');
    expect(() => nodeLabels(parse('--node-labels', 'a b=c'))).to.throw(UsageError, '--node-labels a b=c: ');
    expect(() => nodeTaints(parse('--register-with-taints', 'gpu=yes'))).to.throw(UsageError, 'must be KEY=VALUE:EFFECT');
    expect(() => reservedOf(parse('--kube-reserved', 'cpu=lots'), 'kube-reserved')).to.throw(UsageError, 'must be an amount such as 500m or 512Mi');
    expect(() => reservedOf(parse('--kube-reserved', 'gpu=1'), 'kube-reserved')).to.throw(UsageError, 'the resource must be cpu');
  });

  it('take operands that may be left out', () => {
    const operandsOf = (...args: string[]) => {
      const values = parseFlags('keelson token', tokenFlags, args, ['ACTION', '[TOKEN]']);
      return values === 'help' ? values : [values.get('ACTION'), values.get('[TOKEN]')];
    };
    expect(operandsOf('list')).to.deep.equal([['list'], []]);
    expect(operandsOf('delete', 'abcdef', '--ttl=1h')).to.deep.equal([['delete'], ['abcdef']]);
    expect(() => operandsOf()).to.throw(UsageError, 'keelson token needs ACTION: keelson token ACTION [TOKEN]');
    expect(() => operandsOf('a', 'b', 'c')).to.throw(UsageError, 'does not understand "c"');
  });

  it('know times', () => {
    expect(['24h', '1h30m', '90s', '0', '', 'day', '1h x', '-1h'].map(durationOf)).to.deep.equal([86_400_000, 5_400_000, 90_000, 0, undefined, undefined, undefined, undefined]);
  });
});
