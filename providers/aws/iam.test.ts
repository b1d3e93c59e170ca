import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as ec2 from '@aws-sdk/client-ec2';
import * as elb from '@aws-sdk/client-elastic-load-balancing-v2';
import { expect } from 'chai';

interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

const folder = import.meta.dirname;
const sdks: Readonly<Record<string, string>> = { '@aws-sdk/client-ec2': 'ec2', '@aws-sdk/client-elastic-load-balancing-v2': 'elasticloadbalancing' };
/** No call of ours needs it: the vendor makes the role when an account has its first load balancer. */
const withoutCall = ['iam:CreateServiceLinkedRole'];
/** Statements that no tag narrows, and why. */
const unconditional: Readonly<Record<string, string>> = {
  Look: 'describing knows no resources', MakeOutOf: 'a VPC and a snapshot may be everybody\'s', ChangeRulesOfTheClustersGroups: 'the group itself is checked in the same call',
  LetInterfacesForward: 'interfaces do not get the tags of their instances',
};
const tagKey = 'kubernetes.io/cluster/CLUSTER_ID';

/** `ec2:CreateVolume` for each command that the file makes. */
function actionsIn(source: string): readonly string[] {
  const services = new Map<string, string>();
  for (const [, names = '', from = ''] of source.matchAll(/import (?:type )?\{([^}]*)\} from '([^']+)'/g)) {
    const service = sdks[from];
    if (service === undefined) continue;
    for (const name of names.split(',')) {
      const [, exported = '', local = exported] = /^\s*(\w+Command)(?: as (\w+))?\s*$/.exec(name) ?? [];
      services.set(local, `${service}:${exported.replace(/Command$/, '')}`);
    }
  }
  return [...source.matchAll(/\bnew (\w+Command)\b/g)].map(([, name = '']) => services.get(name) ?? `?:${name}`);
}

describe('the permissions of the AWS provider', () => {
  let text: string;
  let statements: readonly Statement[];
  const listOf = (value: string | readonly string[]): readonly string[] => (typeof value === 'string' ? [value] : value);
  const granted = (): readonly string[] => [...new Set(statements.flatMap(({ Action }) => listOf(Action)))];
  before(async () => {
    text = await readFile(join(folder, 'iam-policy.json'), 'utf8');
    ({ Statement: statements } = JSON.parse(text) as { readonly Statement: readonly Statement[] });
  });

  it('are those of the calls that it makes, and no others', async () => {
    const called = new Set<string>();
    for await (const path of glob('**/*.ts', { cwd: folder, exclude: ['**/*.test.ts', '**/test-*.ts'] })) {
      for (const action of actionsIn(await readFile(join(folder, path), 'utf8'))) called.add(action);
    }
    expect([...called]).to.include('ec2:CreateVolume').and.include('elasticloadbalancing:CreateLoadBalancer');
    expect(granted().toSorted()).to.deep.equal([...called, ...withoutCall].toSorted());
  });

  it('are told from each other where both services have a call of one name', () => {
    const source = `import {\n  DescribeTagsCommand as TagsCommand,\n  type Tag,\n} from '@aws-sdk/client-ec2';\nimport { DescribeTagsCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
      import { MyCommand } from './mine.ts';\nf(new DescribeTagsCommand({}), new TagsCommand({}), new MyCommand());`;
    expect(actionsIn(source)).to.deep.equal(['elasticloadbalancing:DescribeTags', 'ec2:DescribeTags', '?:MyCommand']);
  });

  it('are actions that there are', () => {
    const known: Readonly<Record<string, object>> = { ec2, elasticloadbalancing: elb };
    for (const action of granted().filter((one) => !withoutCall.includes(one))) {
      const [service = '', name = ''] = action.split(':');
      expect(Object.hasOwn(known[service] ?? {}, `${name}Command`), action).to.equal(true);
    }
  });

  it('are bound to the cluster\'s tag wherever the vendor can check it', () => {
    for (const { Sid, Effect, Action, Resource, Condition } of statements) {
      expect(Effect).to.equal('Allow');
      if (Object.hasOwn(unconditional, Sid)) {
        expect(Condition, Sid).to.equal(undefined);
        expect(Resource === '*', Sid).to.equal(listOf(Action).every((action) => action.includes(':Describe')));
        continue;
      }
      const keys = Object.values(Condition ?? {}).flatMap((tests) => Object.keys(tests));
      expect(keys, Sid).to.have.length(1);
      expect(keys[0], Sid).to.match(/^(aws:(Resource|Request)Tag\/kubernetes\.io\/cluster\/CLUSTER_ID|(ec2|elasticloadbalancing):CreateAction|iam:AWSServiceName)$/);
      expect(listOf(Resource).every((resource) => resource.startsWith('arn:aws:')), Sid).to.equal(true);
    }
  });

  it('allow to delete only what is the cluster\'s own', () => {
    for (const { Sid, Action, Condition } of statements) {
      const deletes = listOf(Action).some((action) => /:Delete(?!Route|Tags)/.test(action));
      if (deletes) expect(Condition, Sid).to.deep.equal({ StringEquals: { [`aws:ResourceTag/${tagKey}`]: 'owned' } });
    }
  });

  it('fit into one managed policy', () => {
    expect(text.replaceAll(/\s/g, '').length).to.be.at.most(6_144);
  });
});
