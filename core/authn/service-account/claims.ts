/** An object that a token names, and with which it ends. */
export interface Named {
  readonly name: string;
  readonly uid: string;
}

/** The private claims of a token (KEP-1205, KEP-4193). */
export interface KubernetesClaims {
  readonly namespace: string;
  readonly serviceaccount: Named;
  readonly pod?: Named;
  readonly secret?: Named;
  readonly node?: Named;
}

/** Who signs tokens that stand in secrets, without an end. */
export const legacyIssuer = 'kubernetes/serviceaccount';
export const claimName = 'kubernetes.io';

export const accountUser = (namespace: string, name: string): string => `system:serviceaccount:${namespace}:${name}`;
export const accountGroups = (namespace: string): string[] => ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];

const isNamed = (value: unknown): value is Named =>
  typeof value === 'object' && value !== null && typeof (value as Partial<Named>).name === 'string' && typeof (value as Partial<Named>).uid === 'string';

/** What of a token's payload is about the account; undefined when it is not as it should be. */
export function claimsOf(payload: Readonly<Record<string, unknown>>): KubernetesClaims | undefined {
  const claims = payload['iss'] === legacyIssuer ? legacyClaims(payload) : payload[claimName];
  if (typeof claims !== 'object' || claims === null) return undefined;
  const { namespace, serviceaccount, pod, secret, node } = claims as Partial<Record<keyof KubernetesClaims, unknown>>;
  if (typeof namespace !== 'string' || !isNamed(serviceaccount)) return undefined;
  for (const bound of [pod, secret, node]) if (bound !== undefined && !isNamed(bound)) return undefined;
  return claims as KubernetesClaims;
}

function legacyClaims(payload: Readonly<Record<string, unknown>>): unknown {
  const of = (key: string): unknown => payload[`kubernetes.io/serviceaccount/${key}`];
  return { namespace: of('namespace'), serviceaccount: { name: of('service-account.name'), uid: of('service-account.uid') }, secret: { name: of('secret.name'), uid: '' } };
}
