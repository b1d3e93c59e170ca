import { randomBytes } from 'node:crypto';
import type { Gate } from './gate.ts';
import type { World } from './world.ts';

/** The machine whose metadata service this is. */
export interface Machine {
  readonly region: string;
  /** Absent: a machine that no instance stands for. */
  readonly instanceId?: string;
}

export interface MetadataRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface MetadataAnswer {
  readonly status: number;
  readonly body: string;
}

const role = 'emulated';
const absent: MetadataAnswer = { status: 404, body: 'Not Found' };

/** The part of an instance's metadata service, in version 2, that clients look at: where it is, and credentials of its role. */
export class MetadataService {
  machine: Machine = { region: 'us-east-1' };
  readonly #world: World;
  readonly #gate: Gate;
  readonly #tokens = new Set<string>();

  constructor(world: World, gate: Gate) {
    this.#world = world;
    this.#gate = gate;
  }

  /** Undefined for paths that are not its own. */
  answer({ method, path, headers }: MetadataRequest): MetadataAnswer | undefined {
    if (!path.startsWith('/latest/')) return undefined;
    if (path === '/latest/api/token') return method === 'PUT' ? this.#giveToken(Number(headers['x-aws-ec2-metadata-token-ttl-seconds'])) : { status: 405, body: 'Method Not Allowed' };
    if (!this.#tokens.has(String(headers['x-aws-ec2-metadata-token']))) return { status: 401, body: 'Unauthorized' };
    const texts = this.#texts();
    const text = Object.hasOwn(texts, path) ? texts[path]?.() : undefined;
    return text === undefined ? absent : { status: 200, body: text };
  }

  #giveToken(seconds: number): MetadataAnswer {
    if (!(seconds >= 1 && seconds <= 21_600)) return { status: 400, body: 'Bad Request' };
    const token = randomBytes(42).toString('base64');
    this.#tokens.add(token);
    return { status: 200, body: token };
  }

  #texts(): Readonly<Record<string, () => string | undefined>> {
    const { region: name, instanceId } = this.machine;
    const region = this.#world.region(name);
    const instance = instanceId === undefined ? undefined : region.instances.get(instanceId);
    const zone = instance?.zone ?? region.zones[0]?.name;
    return {
      '/latest/meta-data/instance-id': () => instance?.id,
      '/latest/meta-data/instance-type': () => instance?.type,
      '/latest/meta-data/local-ipv4': () => instance?.privateIp,
      '/latest/meta-data/placement/region': () => name,
      '/latest/meta-data/placement/availability-zone': () => zone,
      '/latest/meta-data/placement/availability-zone-id': () => region.zone(zone ?? '')?.id,
      '/latest/dynamic/instance-identity/document': () => JSON.stringify({
        accountId: this.#world.accountId, region: name, availabilityZone: zone, instanceId: instance?.id, instanceType: instance?.type, imageId: instance?.imageId, privateIp: instance?.privateIp, version: '2017-09-30',
      }),
      '/latest/meta-data/iam/security-credentials/': () => role,
      [`/latest/meta-data/iam/security-credentials/${role}`]: () => {
        const { id, secret, sessionToken, expiresAt } = this.#gate.issue();
        return JSON.stringify({ Code: 'Success', Type: 'AWS-HMAC', AccessKeyId: id, SecretAccessKey: secret, Token: sessionToken, Expiration: new Date(expiresAt).toISOString() });
      },
    };
  }
}
