import { readFile } from 'node:fs/promises';
import type { Clock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { MetadataServer, type Environment } from './place-metadata.ts';

/** As in the settings of the provider. */
export interface PlaceSettings {
  readonly project?: string | undefined;
  readonly zone?: string | undefined;
  readonly region?: string | undefined;
  /** A file of credentials; the one of GOOGLE_APPLICATION_CREDENTIALS when absent. */
  readonly keyFile?: string | undefined;
}

export interface GcpPlaceOptions {
  readonly settings: PlaceSettings;
  readonly environment: Environment;
  readonly fetch?: typeof fetch | undefined;
  readonly clock?: Clock | undefined;
}

/** The machine on which this process runs. */
export interface OwnMachine {
  readonly project: string;
  readonly zone: string;
  readonly name: string;
  /** `e2-standard-4` */
  readonly machineType: string;
}

/** In this order, as the vendor's libraries and `gcloud` take them. */
const projectVariables = ['GOOGLE_CLOUD_PROJECT', 'GCLOUD_PROJECT', 'CLOUDSDK_CORE_PROJECT'] as const;

/**
 * Project, region and zone: as the settings say, then the environment, then the file of credentials (a project only), then the metadata server of the machine.
 * Nothing is asked or read before it is needed.
 */
export class GcpPlace {
  readonly #settings: PlaceSettings;
  readonly #environment: Environment;
  readonly #metadata: MetadataServer;
  #project: string | undefined;

  constructor({ settings, environment, fetch: send, clock }: GcpPlaceOptions) {
    this.#settings = settings;
    this.#environment = environment;
    this.#metadata = new MetadataServer({ environment, fetch: send, clock });
  }

  /** @throws {ProviderError} Invalid when nobody says it, or says what is no project's name */
  async project(signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    if (this.#project !== undefined) return this.#project;
    const said = this.#settings.project ?? this.#variable(...projectVariables) ?? await this.#projectOfCredentials(signal) ?? await this.#metadata.read('project/project-id', signal);
    if (said === undefined) throw new ProviderError('Invalid', `nothing says in which project of Google Cloud this cluster is: set gcp.project in the file of --provider-config, or ${projectVariables[0]}`);
    if (!/^(?:[a-z0-9.-]{1,100}:)?[a-z][a-z0-9-]{0,61}[a-z0-9]$/.test(said)) throw new ProviderError('Invalid', `${JSON.stringify(said.slice(0, 200))} is no id of a project of Google Cloud`);
    this.#project = said;
    return said;
  }

  /** @throws {ProviderError} Invalid when nobody says it, nor a zone, or when region and zone of the settings are not of each other */
  async region(signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    this.#checkSettings();
    const said = this.#saidRegion() ?? regionOf(lastOf(await this.#metadata.read('instance/zone', signal)));
    if (said === undefined) throw new ProviderError('Invalid', 'nothing says in which region of Google Cloud this cluster is: set gcp.region or gcp.zone in the file of --provider-config, or CLOUDSDK_COMPUTE_REGION');
    return said;
  }

  /** The zone of what says none itself, in the region; undefined when nobody says one. */
  async zone(signal: AbortSignal): Promise<string | undefined> {
    signal.throwIfAborted();
    this.#checkSettings();
    const { zone } = this.#settings;
    if (zone !== undefined) return zone;
    const region = this.#saidRegion();
    const isFitting = (one: string | undefined): boolean => one !== undefined && (region === undefined || regionOf(one) === region);
    const ofEnvironment = this.#variable('CLOUDSDK_COMPUTE_ZONE');
    if (isFitting(ofEnvironment)) return ofEnvironment;
    const ofMachine = lastOf(await this.#metadata.read('instance/zone', signal));
    return isFitting(ofMachine) ? ofMachine : undefined;
  }

  /** As its metadata server says, whatever the settings do; undefined when this is no machine of Compute Engine. */
  async self(signal: AbortSignal): Promise<OwnMachine | undefined> {
    // One after the other at first: where nobody is, one question says so.
    const zone = lastOf(await this.#metadata.read('instance/zone', signal));
    if (zone === undefined) return undefined;
    const [project, name, machineType] = await Promise.all(['project/project-id', 'instance/name', 'instance/machine-type'].map((path) => this.#metadata.read(path, signal)));
    return project === undefined || name === undefined ? undefined : { project, zone, name, machineType: lastOf(machineType) ?? '' };
  }

  #checkSettings(): void {
    const { region, zone } = this.#settings;
    if (zone !== undefined && regionOf(zone) === undefined) throw new ProviderError('Invalid', `gcp.zone must be a zone such as us-central1-a, not ${JSON.stringify(zone)}`);
    if (region !== undefined && regionOf(`${region}-a`) === undefined) throw new ProviderError('Invalid', `gcp.region must be a region such as us-central1, not ${JSON.stringify(region)}`);
    if (zone !== undefined && region !== undefined && regionOf(zone) !== region) throw new ProviderError('Invalid', `gcp.zone, ${zone}, is not in gcp.region, ${region}`);
  }

  #saidRegion(): string | undefined {
    const { region, zone } = this.#settings;
    return region ?? regionOf(zone) ?? this.#variable('CLOUDSDK_COMPUTE_REGION') ?? regionOf(this.#variable('CLOUDSDK_COMPUTE_ZONE'));
  }

  #variable(...names: readonly string[]): string | undefined {
    return names.map((name) => this.#environment[name]?.trim()).find((value) => value !== undefined && value !== '');
  }

  async #projectOfCredentials(signal: AbortSignal): Promise<string | undefined> {
    const file = this.#settings.keyFile ?? this.#variable('GOOGLE_APPLICATION_CREDENTIALS');
    if (file === undefined) return undefined;
    try {
      const document: unknown = JSON.parse(await readFile(file, { encoding: 'utf8', signal }));
      const project = typeof document === 'object' && document !== null && 'project_id' in document ? document.project_id : undefined;
      return typeof project === 'string' && project !== '' ? project : undefined;
    } catch (error) {
      signal.throwIfAborted();
      throw new ProviderError('Invalid', `the file of credentials ${file} cannot be read: ${error instanceof SyntaxError ? 'it is no JSON' : String(error)}`, { cause: error });
    }
  }
}

/** `us-central1` of `us-central1-a`; undefined for what is no zone. */
export function regionOf(zone: string | undefined): string | undefined {
  return /^([a-z]+-[a-z]+\d+)-[a-z0-9]+$/.exec(zone ?? '')?.[1];
}

/** Of a path such as `projects/1/zones/us-central1-a`, the last part. */
function lastOf(path: string | undefined): string | undefined {
  const last = path?.slice(path.lastIndexOf('/') + 1);
  return last === '' ? undefined : last;
}
