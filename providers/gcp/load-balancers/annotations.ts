import { ProviderError } from '#core/spi/errors.ts';
import type { LoadBalancerRequest } from '#core/spi/load-balancers.ts';

export type Scheme = 'EXTERNAL' | 'INTERNAL';
export type NetworkTier = 'PREMIUM' | 'STANDARD';

/** What the class and the annotations of a service say. */
export interface BalancerChoices {
  readonly scheme: Scheme;
  /** Clients of other regions may come too; of internal ones only. */
  readonly allowGlobalAccess: boolean;
  /** Of an internal one's address; undefined: as the provider's settings say. */
  readonly subnetwork: string | undefined;
  readonly networkTier: NetworkTier;
  /** What of the annotations is not done. */
  readonly warnings: readonly string[];
}

export const externalClass = 'networking.gke.io/l4-regional-external';
export const internalClass = 'networking.gke.io/l4-regional-internal';
/** With the names that tell GKE's older implementation from its newer one: here both are the same. */
export const balancerClasses: readonly string[] = [externalClass, internalClass, `${externalClass}-legacy`, `${internalClass}-legacy`];

const typeAnnotation = 'networking.gke.io/load-balancer-type';
const formerTypeAnnotation = 'cloud.google.com/load-balancer-type';
const globalAccessAnnotation = 'networking.gke.io/internal-load-balancer-allow-global-access';
const subnetAnnotation = 'networking.gke.io/internal-load-balancer-subnet';
const tierAnnotation = 'cloud.google.com/network-tier';
const backendServicesAnnotation = 'cloud.google.com/l4-rbs';
const shareAnnotations = ['alpha.cloud.google.com/load-balancer-backend-share', 'cloud.google.com/load-balancer-backend-share'] as const;
/** Written on services by other implementations. */
const reports = ['networking.gke.io/backend-service', 'networking.gke.io/target-pool'] as const;

const known: ReadonlySet<string> = new Set([typeAnnotation, formerTypeAnnotation, globalAccessAnnotation, subnetAnnotation, tierAnnotation, backendServicesAnnotation, ...shareAnnotations, ...reports]);
const prefixes = ['networking.gke.io/', 'cloud.google.com/', 'alpha.cloud.google.com/', 'beta.cloud.google.com/'] as const;

const schemes: Readonly<Record<string, Scheme>> = { Internal: 'INTERNAL', internal: 'INTERNAL', External: 'EXTERNAL' };
const tiers: Readonly<Record<string, NetworkTier>> = { Premium: 'PREMIUM', Standard: 'STANDARD' };
const truths: Readonly<Record<string, boolean>> = { true: true, false: false };

/** @throws {ProviderError} Invalid with the annotation and its value */
export function choicesOf({ annotations, class: loadBalancerClass }: Pick<LoadBalancerRequest, 'annotations' | 'class'>): BalancerChoices {
  const warnings: string[] = [];
  const reader = new Reader(annotations);
  const scheme = schemeOf(reader, loadBalancerClass, warnings);
  const allowGlobalAccess = reader.oneOf(globalAccessAnnotation, truths) ?? false;
  const subnetwork = reader.name(subnetAnnotation);
  const networkTier = reader.oneOf(tierAnnotation, tiers) ?? 'PREMIUM';
  reader.oneOf(backendServicesAnnotation, { enabled: true });
  const isInternal = scheme === 'INTERNAL';
  if (!isInternal && allowGlobalAccess) warnings.push(`annotation ${globalAccessAnnotation} is for internal load balancers only`);
  if (!isInternal && subnetwork !== undefined) warnings.push(`annotation ${subnetAnnotation} is for internal load balancers only`);
  if (isInternal && networkTier === 'STANDARD') warnings.push(`annotation ${tierAnnotation} is for external load balancers only`);
  warnings.push(...undone(reader));
  if (isInternal) return { scheme, allowGlobalAccess, subnetwork, networkTier: 'PREMIUM', warnings };
  return { scheme, allowGlobalAccess: false, subnetwork: undefined, networkTier, warnings };
}

/** About annotations that change nothing. */
function undone(reader: Reader): readonly string[] {
  return [
    ...shareAnnotations.filter((name) => reader.oneOf(name, truths) === true).map((name) => `annotation ${name} is not supported: each load balancer has a backend service of its own`),
    ...reports.filter((name) => reader.has(name)).map((name) => `annotation ${name} is what another implementation reported: it is not read`),
    ...reader.unknown().map((name) => `annotation ${name} is not known`),
  ];
}

function schemeOf(reader: Reader, loadBalancerClass: string | undefined, warnings: string[]): Scheme {
  // The deprecated name counts where the newer one is absent, but is checked all the same.
  const former = reader.oneOf(formerTypeAnnotation, schemes);
  const annotated = reader.oneOf(typeAnnotation, schemes) ?? former;
  if (loadBalancerClass === undefined) return annotated ?? 'EXTERNAL';
  const scheme = loadBalancerClass.startsWith(internalClass) ? 'INTERNAL' : 'EXTERNAL';
  if (annotated !== undefined && annotated !== scheme) warnings.push(`annotation ${reader.has(typeAnnotation) ? typeAnnotation : formerTypeAnnotation} is not heeded: spec.loadBalancerClass is ${loadBalancerClass}`);
  return scheme;
}

class Reader {
  readonly #annotations: Readonly<Record<string, string>>;

  constructor(annotations: Readonly<Record<string, string>>) {
    this.#annotations = annotations;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#annotations, name);
  }

  #text(name: string): string | undefined {
    return this.has(name) ? this.#annotations[name] : undefined;
  }

  oneOf<T>(name: string, values: Readonly<Record<string, T>>): T | undefined {
    const text = this.#text(name);
    if (text === undefined) return undefined;
    if (Object.hasOwn(values, text)) return values[text];
    throw wrong(name, text, Object.keys(values).map((value) => JSON.stringify(value)).join(' or '));
  }

  name(name: string): string | undefined {
    const text = this.#text(name);
    if (text === undefined || /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(text)) return text;
    throw wrong(name, text, 'the name of a subnetwork');
  }

  unknown(): readonly string[] {
    return Object.keys(this.#annotations).filter((name) => !known.has(name) && prefixes.some((prefix) => name.startsWith(prefix))).toSorted();
  }
}

function wrong(name: string, text: string, expected: string): ProviderError {
  return new ProviderError('Invalid', `annotation ${name} must be ${expected}, not ${JSON.stringify(text.slice(0, 200))}`);
}
