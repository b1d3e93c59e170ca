import type { Credentials } from './credentials.ts';

export interface MetadataAnswer {
  readonly status: number;
  readonly type: 'application/json' | 'application/text';
  readonly body: string;
}

/** Where the machine is that asks: what the metadata server says of it. */
export interface MachineIdentity {
  readonly project: string;
  readonly zone: string;
  readonly instance: string;
  readonly machineType: string;
}

/** The part of a machine's metadata server that clients look at: where it is, and tokens of its service account. */
export function metadataAnswer(pathname: string, flavor: string | undefined, credentials: Credentials, { project, zone, instance, machineType }: MachineIdentity): MetadataAnswer {
  if (flavor !== 'Google') return { status: 403, type: 'application/text', body: 'Missing required header: Metadata-Flavor' };
  const account = `emulated@${project}.iam.gserviceaccount.com`;
  const texts: Readonly<Record<string, string>> = {
    'instance': '',
    'instance/name': instance,
    'instance/zone': `projects/100000000000/zones/${zone}`,
    'instance/machine-type': `projects/100000000000/machineTypes/${machineType}`,
    'instance/service-accounts/default/email': account,
    'instance/service-accounts/default/scopes': 'https://www.googleapis.com/auth/cloud-platform',
    'project/project-id': project,
    'project/numeric-project-id': '100000000000',
    'universe/universe-domain': 'googleapis.com',
    'universe/universe_domain': 'googleapis.com',
  };
  const path = /^\/computeMetadata\/v1\/?(.*?)\/?$/.exec(pathname)?.[1] ?? '';
  if (path === 'instance/service-accounts/default/token') return { status: 200, type: 'application/json', body: JSON.stringify(credentials.give()) };
  if (path === '' ) return { status: 200, type: 'application/text', body: 'instance/\nproject/\nuniverse/\n' };
  const text = Object.hasOwn(texts, path) ? texts[path] : undefined;
  return text === undefined ? { status: 404, type: 'application/text', body: 'Not Found' } : { status: 200, type: 'application/text', body: text };
}
