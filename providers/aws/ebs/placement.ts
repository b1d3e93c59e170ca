import { DescribeAvailabilityZonesCommand } from '@aws-sdk/client-ec2';
import type { CreateVolumeRequest, TopologySegment } from '#core/spi/volume-driver.ts';
import type { AwsContext } from '#providers/aws/context.ts';
import { asUnavailable } from './ec2-volumes.ts';
import { invalid, quoted, unavailable, ZONE } from './names.ts';

/** A zone by its name, or by the id that is the same for every account. */
export interface WantedPlace {
  readonly kind: 'name' | 'id';
  readonly id: string;
}

const ZONE_ID = 'topology.k8s.aws/zone-id';
const zoneKeys = [ZONE, 'topology.ebs.csi.aws.com/zone', 'failure-domain.beta.kubernetes.io/zone'];
/** Of outposts, where volumes are others. */
const OUTPOST = 'topology.ebs.csi.aws.com/outpost-id';

/**
 * Where a volume may be made, best first; empty: anywhere.
 * @param zones of the class
 * @throws {ProviderError} Invalid for topologies without a zone
 */
export function wantedPlaces(topology: CreateVolumeRequest['topology'], zones: readonly string[]): readonly WantedPlace[] {
  const segments = [...topology?.preferred ?? [], ...topology?.requisite ?? []];
  const places = segments.map(placeOf);
  const requisite = new Set((topology?.requisite ?? []).map(placeOf).map(keyOf));
  const allowed = places.filter((place) => requisite.size === 0 || requisite.has(keyOf(place)));
  const ofClass = zones.map((id): WantedPlace => ({ kind: 'name', id }));
  if (segments.length === 0) return ofClass;
  const chosen = zones.length === 0 ? allowed : allowed.filter(({ kind, id }) => kind === 'id' || zones.includes(id));
  if (chosen.length === 0) throw invalid(`none of the zones that the class allows, ${zones.join(', ')}, is among those that are asked for, ${allowed.map(({ id }) => id).join(', ')}`);
  return [...new Map(chosen.map((place) => [keyOf(place), place])).values()];
}

const keyOf = ({ kind, id }: WantedPlace): string => `${kind}/${id}`;

function placeOf(segment: TopologySegment): WantedPlace {
  if ((segment[OUTPOST] ?? '') !== '') throw invalid(`volumes on outposts are not supported: ${OUTPOST} is ${quoted(segment[OUTPOST] ?? '')}`);
  for (const key of zoneKeys) {
    const zone = segment[key];
    if (zone !== undefined && zone !== '') return { kind: 'name', id: zone };
  }
  const id = segment[ZONE_ID];
  if (id !== undefined && id !== '') return { kind: 'id', id };
  throw invalid(`a topology of EBS volumes names a zone by ${[...zoneKeys, ZONE_ID].join(', ')}; ${quoted(JSON.stringify(segment))} does not`);
}

export const isWanted = ({ zone, zoneId }: { readonly zone: string; readonly zoneId: string | undefined }, places: readonly WantedPlace[]): boolean =>
  places.length === 0 || places.some(({ kind, id }) => id === (kind === 'name' ? zone : zoneId));

/** Chooses for those who do not care. */
export class UsualZone {
  readonly #context: AwsContext;
  #zone: string | undefined;

  constructor(context: AwsContext) {
    this.#context = context;
  }

  async get(signal: AbortSignal): Promise<string> {
    return (this.#zone ??= this.#context.settings.zone ?? await this.#first(signal));
  }

  async #first(signal: AbortSignal): Promise<string> {
    try {
      const { AvailabilityZones = [] } = await this.#context.api.ec2(new DescribeAvailabilityZonesCommand({ Filters: [{ Name: 'state', Values: ['available'] }, { Name: 'zone-type', Values: ['availability-zone'] }] }), signal);
      const [first] = AvailabilityZones.map(({ ZoneName = '' }) => ZoneName).filter((name) => name !== '').toSorted();
      if (first === undefined) throw unavailable('EC2 names no zone of the region in which a volume could be made');
      return first;
    } catch (error) {
      throw asUnavailable(error);
    }
  }
}
