import { expect } from 'chai';
import { Dispatcher } from './dispatcher.ts';
import { ec2 } from './ec2/service.ts';
import { elb } from './elbv2/service.ts';
import { Random } from './random.ts';
import type { Service } from './service.ts';
import type { Field, Fields } from './shapes.ts';
import { Timeline } from './timeline.ts';
import { World } from './world.ts';

const odd = ['', '0', '-1', '5', '80', '70000', '10', '99999999999999999999', 'true', 'gp3', 'instance', 'network', '__proto__', 'constructor', '10.0.0.0/8', '::/0', 'us-west-2a', 'ami-12345678', '/dev/xvdba', '*', '\\', '[', '\u0000', 'ä', 'x'.repeat(300)];

const sensible: Readonly<Record<string, readonly string[]>> = {
  AvailabilityZone: ['us-west-2a'], CertificateArn: ['arn:aws:acm:us-west-2:123456789012:certificate/00000000-0000-0000-0000-000000000001'], CidrIp: ['10.0.0.0/8', '0.0.0.0/0'],
  DestinationCidrBlock: ['10.244.1.0/24', '10.244.2.0/24'], Device: ['/dev/xvdba', '/dev/xvdbb'], Domain: ['vpc'], FromPort: ['80'], GroupDescription: ['d'], GroupName: ['a', 'b'], ImageId: ['ami-12345678'],
  InstanceType: ['m5.large'], IpProtocol: ['tcp', '-1'], Key: ['a', 'load_balancing.cross_zone.enabled'], MaxCount: ['2'], MinCount: ['1'], Name: ['a', 'b', 'c'], Port: ['80', '443'], Protocol: ['TCP'],
  Size: ['10', '20'], TagKeys: ['a'], ToPort: ['80'], Type: ['network', 'forward'], Value: ['true', 'false'], VolumeType: ['gp3'],
};

/** Calls of which each parameter is sometimes sensible, sometimes a thing that exists, and sometimes neither. */
class Caller {
  readonly #random: Random;
  readonly #world: World;

  constructor(random: Random, world: World) {
    this.#random = random;
    this.#world = world;
  }

  pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.#random.next() * values.length)]!;
  }

  query(service: Service, fields: Fields, prefix = '', depth = 0): [string, string][] {
    return [...fields.values()].filter(({ required, name }) => name !== 'DryRun' && this.#random.next() < (required ? 0.97 : name in sensible || depth === 0 && this.#existing(name) !== undefined ? 0.5 : 0.08)).flatMap((field) => this.#parameter(service, field, prefix, depth));
  }

  #parameter(service: Service, field: Field, prefix: string, depth: number): [string, string][] {
    const between = service.between === undefined ? '' : `${service.between}.`;
    const names = field.list ? Array.from({ length: 1 + Math.floor(this.#random.next() * 2) }, (_, i) => `${prefix}${field.name}.${between}${i + 1}`) : [`${prefix}${field.name}`];
    return names.flatMap((name): [string, string][] => (service.shapes.isStructure(field.type) ? this.query(service, service.shapes.structure(field.type), `${name}.`, depth + 1) : [[name, this.#value(field)]]));
  }

  #value({ type, values, min = 0, max = 100, name }: Field): string {
    if (this.#random.next() < 0.1) return this.pick(odd);
    const usual = Object.hasOwn(sensible, name) ? sensible[name]! : [];
    if (usual.length > 0 && this.#random.next() < 0.9) return this.pick(usual);
    if (values !== undefined) return this.pick([...values]);
    if (type === 'b') return this.pick(['true', 'false']);
    if (type === 'i' || type === 'l') return String(Math.round(this.#random.between([min, Math.min(max, 65_535)])));
    return this.#existing(name) ?? this.pick(odd);
  }

  /** An id that fits the name of the parameter, more often than not. */
  #existing(name: string): string | undefined {
    const region = this.#world.region('us-west-2');
    const tables = [region.instances, region.volumes, region.snapshots, region.securityGroups, region.subnets, region.vpcs, region.routeTables, region.addresses, region.gateways, region.balancers, region.targetGroups, region.listeners];
    const words = ['Instance', 'Volume', 'Snapshot', 'Group', 'Subnet', 'Vpc', 'RouteTable', 'Allocation', 'Gateway', 'LoadBalancer', 'TargetGroup', 'Listener'];
    const fitting = tables.filter((_, index) => name.includes(words[index]!));
    const rows = (fitting.length > 0 ? fitting : name === 'Id' ? [region.instances] : []).flatMap((table) => [...table.rows()]);
    return rows.length === 0 ? undefined : this.pick(rows).id;
  }
}

describe('random calls to the emulated vendor', () => {
  it('are answered or refused, and never break it', () => {
    const seed = Number(process.env['KEELSON_TEST_SEED'] ?? 11);
    const timeline = new Timeline({ scale: 0, start: Date.now() });
    const world = new World(timeline, { seed, accountId: '123456789012', delays: { consistency: [0, 500] } });
    const dispatcher = new Dispatcher(world, [ec2, elb], { throttling: false });
    const caller = new Caller(new Random(seed), world);
    const calls = [ec2, elb].flatMap((service) => Object.keys(service.actions).map((action) => ({ service, action })));
    const when = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
    for (let i = 0; i < 6000; i++) {
      const { service, action } = caller.pick(calls);
      const body = new URLSearchParams([['Action', action], ['Version', service.version], ...caller.query(service, service.shapes.action(action))]).toString();
      const authorization = `AWS4-HMAC-SHA256 Credential=A/${when.slice(0, 8)}/us-west-2/${service.name}/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`;
      const { status, body: text } = dispatcher.answer({ method: 'POST', path: '/', query: '', headers: { authorization, 'x-amz-date': when }, body: Buffer.from(body) });
      if (/Internal(Error|Failure)/.test(text)) expect.fail(`seed ${seed}, call ${i}: ${status} for ${body}`);
      timeline.advance(2_000);
    }
    const succeeded = new Set(dispatcher.journal.filter(({ outcome }) => outcome === 'ok').map(({ action }) => action));
    // The calls reach deep enough to mean something.
    expect(succeeded.size).to.be.greaterThan(calls.length / 2);
  });
});
