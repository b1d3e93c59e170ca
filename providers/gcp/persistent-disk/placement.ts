import { createHash } from 'node:crypto';
import { ProviderError } from '#core/spi/errors.ts';
import type { CreateVolumeRequest, TopologySegment } from '#core/spi/volume-driver.ts';
import { regionOfZone } from './handles.ts';
import type { DiskParameters } from './parameters.ts';
import { invalid, quoted } from './refusal.ts';

/** The key by which volumes and nodes of this driver have their place. */
export const zoneKey = 'topology.gke.io/zone';
/** Others that classes' allowedTopologies use for the same. */
const zoneKeys: readonly string[] = [zoneKey, 'topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone'];

export type Placement = { readonly kind: 'zones'; readonly place: string } | { readonly kind: 'regions'; readonly place: string; readonly replicaZones: readonly [string, string] };

export interface PlacementQuestion {
  readonly name: string;
  readonly topology: CreateVolumeRequest['topology'];
  readonly parameters: DiskParameters;
  /** Zone of the disk that is copied, where that is in one zone. */
  readonly sourceZone: string | undefined;
  /** For disks whose class and pod do not care. */
  readonly usualZone: string | undefined;
  /** Those of the cluster's region. */
  readonly zones: readonly string[];
}

/**
 * Where a disk is made: one place only, the same for the same question, since a name is taken in one zone and free in the next.
 * @throws {ProviderError} Invalid, or Exhausted where the pod's zone is none in which the class can have disks
 */
export function placementOf(question: PlacementQuestion): Placement {
  const { parameters: { isRegional }, sourceZone } = question;
  const candidates = candidatesOf(question);
  if (isRegional) return regionalPlacement(question, candidates);
  const [place] = sourceZone === undefined ? candidates : candidates.filter((zone) => zone === sourceZone);
  if (place === undefined) throw nowhere(question, sourceZone === undefined ? 'the class allows' : `the disk that is copied is in ${sourceZone}, and a copy can be in`);
  return { kind: 'zones', place };
}

function regionalPlacement(question: PlacementQuestion, candidates: readonly string[]): Placement {
  const { sourceZone, zones, name } = question;
  const [nearest] = candidates;
  const first = sourceZone ?? nearest;
  if (first === undefined || nearest === undefined) throw nowhere(question, 'the class allows');
  const region = regionOfZone(first);
  const second = [...candidates, ...rotated(zones, name)].find((zone) => zone !== first && regionOfZone(zone) === region);
  if (second === undefined) throw invalid(`a regional disk needs two zones of region ${region}, and only ${first} is known; name two in the class's allowedTopologies`);
  return { kind: 'regions', place: region, replicaZones: [first, second] };
}

/** Zones in the order in which they are wanted. */
function candidatesOf({ name, topology, parameters, usualZone, sourceZone, zones }: PlacementQuestion): readonly string[] {
  const pools = parameters.storagePools.map(({ zone }) => zone);
  const limits = [...(pools.length === 0 ? [] : [pools]), ...(parameters.zones === undefined ? [] : [parameters.zones])];
  const fits = (zone: string): boolean => limits.every((limit) => limit.includes(zone));
  if (topology === undefined) {
    const usual = sourceZone ?? usualZone;
    const first = usual === undefined ? [] : [usual];
    return [...new Set([...first, ...rotated(limits[0] ?? zones, name)])].filter(fits);
  }
  const requisite = topology.requisite.map(zoneOf);
  const preferred = topology.preferred.map(zoneOf).filter((zone) => requisite.length === 0 || requisite.includes(zone));
  return [...new Set([...preferred, ...requisite])].filter(fits);
}

function zoneOf(segment: TopologySegment): string {
  const strange = Object.keys(segment).find((key) => !zoneKeys.includes(key));
  if (strange !== undefined) throw invalid(`disks of Compute Engine are placed by ${zoneKey}, and not by ${quoted(strange)}`);
  const zones = new Set(Object.values(segment));
  const [zone] = zones;
  if (zone === undefined || zones.size !== 1) throw invalid(`a place of a disk is one zone, and not ${quoted([...zones].join(', '))}`);
  return zone;
}

function nowhere({ name, topology, parameters }: PlacementQuestion, who: string): ProviderError {
  const wanted = (topology?.requisite ?? []).flatMap((segment) => Object.values(segment)).join(', ');
  const limits = [...parameters.storagePools.map(({ zone }) => zone), ...(parameters.zones ?? [])].join(', ');
  return new ProviderError('Exhausted', `volume ${name} is wanted in ${wanted === '' ? 'any zone' : wanted}, and ${who} ${limits === '' ? 'no other' : limits}`);
}

/** All of a list, beginning where the name says, so that disks without a place spread. */
function rotated(list: readonly string[], name: string): readonly string[] {
  const start = list.length === 0 ? 0 : createHash('sha256').update(name).digest().readUInt32BE(0) % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}
