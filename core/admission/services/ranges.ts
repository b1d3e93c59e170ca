import { Cidr, ipFamilyOf, type IpFamily } from '#core/api/ip.ts';
import { ServiceCIDR } from '#core/api/schema/networking-v1.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { defaultServiceCidr, isReadyCidr } from '#core/api/service-addresses.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { AddressPool, type Pool } from './pools.ts';

export type Families = readonly [IpFamily, ...IpFamily[]];

/** @throws {RangeError} when a range is none, two have one family, or there is none at all */
export function parseRanges(texts: readonly string[]): readonly [Cidr, ...Cidr[]] {
  const ranges: Cidr[] = [];
  for (const text of texts) {
    const cidr = Cidr.parse(text);
    if (cidr === undefined) throw new RangeError(`${text} is not a range of addresses such as 10.96.0.0/16`);
    if (ranges.some(({ family }) => family === cidr.family)) throw new RangeError(`there are two ${cidr.family} ranges for services; there can be one of each family`);
    ranges.push(cidr);
  }
  const [first, ...others] = ranges;
  if (first === undefined) throw new RangeError('services need at least one range of addresses');
  return [first, ...others];
}

interface State {
  readonly pools: ReadonlyMap<IpFamily, Pool<string>>;
  readonly families: Families;
}

/**
 * The ranges from which services get addresses: those of the ServiceCIDRs that are ready. Until the default one is stored, the
 * configured ranges stand for it.
 */
export class ServiceRanges {
  private readonly objects: ObjectStore;
  private readonly configured: readonly [Cidr, ...Cidr[]];
  private state: State | undefined;

  constructor(objects: ObjectStore, configured: readonly [Cidr, ...Cidr[]]) {
    this.objects = objects;
    this.configured = configured;
    objects.cache(ServiceCIDR).subscribe(() => {
      this.state = undefined;
    });
  }

  /** The preferred one first: the configured ones, and those for which a ServiceCIDR was added. */
  get families(): Families {
    return this.current.families;
  }

  /** All ranges of one family, drawn on one after the other; the default one first. */
  pool(family: IpFamily): Pool<string> {
    return this.current.pools.get(family) ?? new JoinedPool([]);
  }

  poolFor(ip: string): Pool<string> | undefined {
    const family = ipFamilyOf(ip);
    return family === undefined ? undefined : this.pool(family);
  }

  private get current(): State {
    return (this.state ??= this.read());
  }

  private read(): State {
    const all = [...this.objects.cache(ServiceCIDR).range('')].map(([, object]) => object).filter((object) => isKindOf(object, ServiceCIDR));
    const standard = all.find(({ metadata }) => metadata.name === defaultServiceCidr);
    const ready = [...(standard === undefined ? [] : [standard]), ...all].filter(isReadyCidr).flatMap(cidrsOf);
    const ranges = new Map([...(standard === undefined ? this.configured : []), ...ready].map((cidr) => [cidr.toString(), cidr]));
    const pools = new Map<IpFamily, Pool<string>>();
    for (const [family, cidrs] of Map.groupBy(ranges.values(), ({ family: of }) => of)) pools.set(family, new JoinedPool(cidrs.map((cidr) => new AddressPool(cidr))));
    // Services keep the family of a range that is not ready any more.
    const [first, ...others] = [...this.configured, ...all.flatMap(cidrsOf)].map(({ family }) => family);
    return { pools, families: [first ?? 'IPv4', ...new Set(others.filter((family) => family !== first))] };
  }
}

const cidrsOf = ({ spec: { cidrs = [] } }: ServiceCIDR): Cidr[] => cidrs.flatMap((text) => Cidr.parse(text) ?? []);

class JoinedPool implements Pool<string> {
  readonly text: string;
  private readonly pools: readonly AddressPool[];

  constructor(pools: readonly AddressPool[]) {
    this.pools = pools;
    this.text = pools.map(({ text }) => text).join(', ');
  }

  includes(value: string): boolean {
    return this.pools.some((pool) => pool.includes(value));
  }

  pick(isTaken: (value: string) => boolean, random: () => number): string | undefined {
    for (const pool of this.pools) {
      const value = pool.pick(isTaken, random);
      if (value !== undefined) return value;
    }
    return undefined;
  }
}
