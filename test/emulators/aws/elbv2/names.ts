import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Params } from '#test/emulators/aws/params.ts';
import type { Region } from '#test/emulators/aws/region.ts';
import type { Balancer, Listener, TargetGroup } from '#test/emulators/aws/rows.ts';

export const validation = (message: string): ApiError => new ApiError('ValidationError', message);

/** @param what `load balancer` or `target group` */
export function checkName(what: string, name: string): void {
  const named = `The ${what} name '${name}'`;
  if (name === '') throw validation(`${named} cannot be empty`);
  if (name.length > 32) throw validation(`${named} cannot be longer than '32' characters`);
  if (!/^[a-zA-Z0-9-]+$/.test(name)) throw validation(`${named} can only contain characters that are alphanumeric characters and hyphens(-)`);
  if (name.startsWith('-') || name.endsWith('-')) throw validation(`${named} cannot begin or end with a hyphen(-)`);
  if (what === 'load balancer' && name.startsWith('internal-')) throw validation(`${named} cannot begin with 'internal-'`);
}

export function balancerOf(region: Region, arn: string): Balancer {
  checkArn('load balancer', 'loadbalancer', arn);
  const balancer = region.balancers.known(arn);
  if (balancer === undefined) throw new ApiError('LoadBalancerNotFound', `Load balancer '${arn}' not found`);
  return balancer;
}

export function targetGroupOf(region: Region, arn: string): TargetGroup {
  checkArn('target group', 'targetgroup', arn);
  const group = region.targetGroups.known(arn);
  if (group === undefined) throw new ApiError('TargetGroupNotFound', `Target groups '${arn}' not found`);
  return group;
}

export function listenerOf(region: Region, arn: string): Listener {
  checkArn('listener', 'listener', arn);
  const listener = region.listeners.known(arn);
  if (listener === undefined) throw new ApiError('ListenerNotFound', `One or more listeners not found`);
  return listener;
}

export function checkArn(what: string, resource: string, arn: string): void {
  if (!/^arn:aws:elasticloadbalancing:[a-z0-9-]+:\d{12}:/.test(arn) || !(arn.split(':')[5] ?? '').startsWith(`${resource}/`)) throw validation(`'${arn}' is not a valid ${what} ARN`);
}

/** Those whose traffic goes to a group. */
export const listenersTo = (region: Region, groupArn: string): Listener[] => [...region.listeners.rows()].filter(({ forwards }) => forwards.some(({ targetGroupArn }) => targetGroupArn === groupArn));

/** Tokens name the last row shown. */
export function pageOf<T extends { readonly sequence: number }>(params: Params, rows: readonly T[]): { readonly rows: T[]; readonly nextMarker?: string } {
  const marker = params.text('Marker');
  const [, sequence] = marker === undefined ? ['', '0'] : /^after\/(\d+)$/.exec(Buffer.from(marker, 'base64').toString()) ?? [];
  if (sequence === undefined) throw validation(`The marker '${marker}' is not valid`);
  const rest = rows.filter((row) => row.sequence > Number(sequence));
  const shown = rest.slice(0, params.number('PageSize') ?? 400);
  const last = shown.at(-1);
  return { rows: shown, ...(last !== undefined && shown.length < rest.length ? { nextMarker: Buffer.from(`after/${last.sequence}`).toString('base64') } : {}) };
}
