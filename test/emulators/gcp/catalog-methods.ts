import { invalid, notFound } from './api-error.ts';
import { diskTypes, machineTypes, regionNames, zoneNames, type DiskType, type MachineType } from './catalog.ts';
import type { Json, Resource } from './json.ts';
import { linkOf, regionOfZone, type Path } from './links.ts';
import { aggregatedAnswer, aggregatedQuery, listAnswer, listQuery, scopesOf } from './lists.ts';
import type { Call, Method } from './method.ts';
import { placeOf } from './operations.ts';
import { fingerprintOf, Seeded } from './seeded.ts';

const since = '1969-12-31T16:00:00.000-08:00';

export function regionResource(call: Pick<Call, 'cloud' | 'project'>, name: string): Resource {
  const zones = zoneNames.filter((zone) => regionOfZone(zone) === name);
  return {
    ...common('compute#region', `projects/${call.project}/regions/${name}`),
    description: name,
    status: 'UP',
    zones: zones.map((zone) => linkOf(`projects/${call.project}/zones/${zone}`)),
    quotas: call.cloud.quotas.list(call.project, name),
    supportsPzs: false,
  };
}

export function zoneResource({ cloud, project }: Pick<Call, 'cloud' | 'project'>, name: string): Resource {
  return {
    ...common('compute#zone', `projects/${project}/zones/${name}`),
    description: name,
    status: cloud.unreachable.has(name) ? 'DOWN' : 'UP',
    region: linkOf(`projects/${project}/regions/${regionOfZone(name)}`),
    availableCpuPlatforms: [...new Set([...machineTypes.values()].map(({ platform }) => platform))],
    supportsPzs: false,
  };
}

function machineTypeResource(project: string, scope: string, type: MachineType): Resource {
  return {
    ...common('compute#machineType', `projects/${project}/${scope}/machineTypes/${type.name}`),
    description: `${type.cpus} vCPUs, ${type.memoryMb / 1024} GB RAM`,
    guestCpus: type.cpus,
    memoryMb: Math.round(type.memoryMb),
    imageSpaceGb: 0,
    maximumPersistentDisks: type.disks,
    maximumPersistentDisksSizeGb: type.shared ? '3072' : '263168',
    zone: scope.slice('zones/'.length),
    isSharedCpu: type.shared,
    architecture: type.architecture,
  };
}

function diskTypeResource(project: string, scope: string, type: DiskType): Resource {
  return {
    ...common('compute#diskType', `projects/${project}/${scope}/diskTypes/${type.name}`),
    description: type.description,
    validDiskSize: `${scope.startsWith('regions/') ? (type.regional ?? type.smallest) : type.smallest}GB-${type.largest}GB`,
    defaultDiskSizeGb: String(type.usual),
    ...placeOf(project, scope),
  };
}

function common(kind: string, path: Path): Resource {
  return { kind, id: idOf(path), creationTimestamp: since, name: path.slice(path.lastIndexOf('/') + 1), selfLink: linkOf(path) };
}

function idOf(path: Path): string {
  return String(1_000 + Math.floor(new Seeded(0).of(path) * 300_000));
}

function zonesOrRegions(service: 'zones' | 'regions'): readonly Method[] {
  const [field, names, make] = service === 'zones' ? (['zone', zoneNames, zoneResource] as const) : (['region', regionNames, regionResource] as const);
  return [
    { id: `compute.${service}.get`, verb: 'GET', path: `${service}/{${field}}`, handle: (call) => make(call, call.parameters[field] ?? '') },
    { id: `compute.${service}.list`, verb: 'GET', path: service, query: listQuery, handle: (call) => listAnswer(call, `compute#${field}List`, `projects/${call.project}/${service}`, names.map((name) => make(call, name))) },
  ];
}

/** Types are in no store: every place has them. */
function typeMethods<Type>(service: string, collection: string, kind: string, place: 'zones' | 'regions', types: ReadonlyMap<string, Type>, make: (project: string, scope: string, type: Type) => Resource): readonly Method[] {
  const parameter = collection.slice(0, -1);
  const template = place === 'zones' ? `zones/{zone}/${collection}` : `regions/{region}/${collection}`;
  const scope = ({ parameters }: Call) => (place === 'zones' ? `zones/${parameters['zone'] ?? ''}` : `regions/${parameters['region'] ?? ''}`);
  const all = (call: Call, at: string) => [...types.values()].map((type) => make(call.project, at, type)).toSorted((left, right) => (left.name < right.name ? -1 : 1));
  return [
    {
      id: `compute.${service}.get`,
      verb: 'GET',
      path: `${template}/{${parameter}}`,
      handle: (call) => {
        const name = call.parameters[parameter] ?? '';
        const type = types.get(name);
        if (type === undefined) throw notFound(`projects/${call.project}/${scope(call)}/${collection}/${name}`);
        return make(call.project, scope(call), type);
      },
    },
    { id: `compute.${service}.list`, verb: 'GET', path: template, query: listQuery, handle: (call) => listAnswer(call, `${kind}List`, `projects/${call.project}/${scope(call)}/${collection}`, all(call, scope(call))) },
    ...(place === 'regions' ? [] : [aggregatedTypes(service, collection, kind, all)]),
  ];
}

function aggregatedTypes(service: string, collection: string, kind: string, all: (call: Call, at: string) => readonly Resource[]): Method {
  const scopes = scopesOf('zones');
  return {
    id: `compute.${service}.aggregatedList`,
    verb: 'GET',
    path: `aggregated/${collection}`,
    query: aggregatedQuery,
    permission: `compute.${service}.list`,
    handle: (call) => aggregatedAnswer(call, `${kind}AggregatedList`, collection, scopes, (scope) => all(call, scope)),
  };
}

function projectResource({ cloud, project }: Call): Json {
  return {
    ...common('compute#project', `projects/${project}`),
    commonInstanceMetadata: { kind: 'compute#metadata', fingerprint: fingerprintOf('') },
    quotas: cloud.quotas.list(project),
    defaultServiceAccount: `${idOf(project)}-compute@developer.gserviceaccount.com`,
    defaultNetworkTier: 'PREMIUM',
    xpnProjectStatus: 'UNSPECIFIED_XPN_PROJECT_STATUS',
  };
}

/** A machine type of a zone, as a body refers to it. */
export function machineTypeOf(field: string, path: Path, zone: string): MachineType {
  const [, , , place = '', collection = '', name = ''] = path.split('/');
  if (collection !== 'machineTypes' || place !== zone) throw invalid(field, linkOf(path), `The referenced machineType must be in zone '${zone}'.`);
  const type = machineTypes.get(name);
  if (type === undefined) throw invalid(field, linkOf(path), `Machine type with name '${name}' does not exist in zone '${zone}'.`);
  return type;
}

export const catalogMethods: readonly Method[] = [
  { id: 'compute.projects.get', verb: 'GET', path: '', handle: projectResource },
  ...zonesOrRegions('zones'),
  ...zonesOrRegions('regions'),
  ...typeMethods('machineTypes', 'machineTypes', 'compute#machineType', 'zones', machineTypes, machineTypeResource),
  ...typeMethods('diskTypes', 'diskTypes', 'compute#diskType', 'zones', diskTypes, diskTypeResource),
  ...typeMethods('regionDiskTypes', 'diskTypes', 'compute#regionDiskType', 'regions', new Map([...diskTypes].filter(([, type]) => type.regional !== undefined)), diskTypeResource),
];
