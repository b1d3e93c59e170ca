import { fixed, traversal, type CostRule } from '#core/api/cel/cost-rules.ts';
import { member, type Overload } from '#core/api/cel/function.ts';
import { exactly, plus, scaled, unknownSize, type Range } from '#core/api/cel/range.ts';
import { bool, opaque, string } from '#core/api/cel/types.ts';
import { type Equatable, Failure, Opaque } from '#core/api/cel/values.ts';
import { dnsLabelProblem, dnsSubdomainProblem } from '#core/api/names.ts';

/** What an expression asks with `check`: a path, or a resource. Fields that it did not set are empty. */
export interface AuthorizationCheck {
  readonly verb: string;
  /** Set for paths only. */
  readonly path?: string;
  /** The one who is asked about, instead of who sent the request. */
  readonly serviceAccount?: { readonly namespace: string; readonly name: string };
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly fieldSelector: string;
  readonly labelSelector: string;
}

export interface AuthorizationDecision {
  readonly allowed: boolean;
  readonly reason?: string;
  readonly error?: string;
}

/** The host of `authorizer`: knows who sent the request, and answers at once. */
export interface CelAuthorizer {
  authorize(check: AuthorizationCheck): AuthorizationDecision;
}

const nothing: Omit<AuthorizationCheck, 'verb'> = { group: '', resource: '', subresource: '', namespace: '', name: '', fieldSelector: '', labelSelector: '' };

/** A step on the way to a check: each knows the host and what is set so far. */
class Step extends Opaque {
  readonly typeName: string;
  readonly host: CelAuthorizer;
  readonly check: Omit<AuthorizationCheck, 'verb'>;

  constructor(typeName: string, host: CelAuthorizer, check: Omit<AuthorizationCheck, 'verb'>) {
    super();
    this.typeName = typeName;
    this.host = host;
    this.check = check;
  }

  /** The next step, with more set. */
  to(typeName: string, more: Partial<AuthorizationCheck>): Step {
    return new Step(typeName, this.host, { ...this.check, ...more });
  }

  same(other: Equatable): boolean {
    return other instanceof Step && other.host === this.host && JSON.stringify(other.check) === JSON.stringify(this.check);
  }
}

class Decision extends Opaque {
  readonly typeName = 'kubernetes.authorization.Decision';
  readonly allowed: boolean;
  readonly reason: string;
  readonly error: string;

  constructor({ allowed, reason = '', error = '' }: AuthorizationDecision) {
    super();
    this.allowed = allowed;
    this.reason = reason;
    this.error = error;
  }

  same(other: Equatable): boolean {
    return other instanceof Decision && other.allowed === this.allowed && other.reason === this.reason && other.error === this.error;
  }
}

const names = {
  authorizer: 'kubernetes.authorization.Authorizer', path: 'kubernetes.authorization.PathCheck',
  group: 'kubernetes.authorization.GroupCheck', resource: 'kubernetes.authorization.ResourceCheck',
};

/** Types of the variables `authorizer` and `authorizer.requestResource`. */
export const authorizerType = opaque(names.authorizer);
export const resourceCheckType = opaque(names.resource);

/** The value of `authorizer`. */
export const authorizerValue = (host: CelAuthorizer): unknown => new Step(names.authorizer, host, nothing);
/** The value of `authorizer.requestResource`: a check on the resource of the request. */
export const resourceCheckValue = (host: CelAuthorizer, check: Partial<AuthorizationCheck>): unknown => new Step(names.resource, host, { ...nothing, ...check });

function serviceAccount(step: Step, namespace: string, name: string): Step | Failure {
  const badName = dnsSubdomainProblem(name);
  if (badName !== undefined) return new Failure(`Invalid service account name: ${badName}`);
  const badNamespace = dnsLabelProblem(namespace);
  return badNamespace === undefined
    ? step.to(names.authorizer, { serviceAccount: { namespace, name } })
    : new Failure(`Invalid service account namespace: ${badNamespace}`);
}

function decide(step: Step, verb: string): Decision {
  try {
    return new Decision(step.host.authorize({ ...step.check, verb }));
  } catch (error) {
    return new Decision({ allowed: false, error: error instanceof Error ? error.message : String(error) });
  }
}

const one = fixed(1);
/** Two of them fit into one evaluation. */
const checks = fixed(350_000);

const selectorCost = (size: Range): Range => plus(exactly(10), plus(scaled(size, traversal), scaled(scaled(size, 0.5), 50)));
const selects: CostRule = {
  estimate: ({ sizes: [, size = unknownSize] }) => ({ cost: selectorCost(size) }),
  actual: (frame, [, selector]) => selectorCost(exactly(frame.sizeOf(selector))).max,
};

const pathCheckType = opaque(names.path);
const groupCheckType = opaque(names.group);
const decisionType = opaque('kubernetes.authorization.Decision');
const setter = (name: keyof AuthorizationCheck, cost: CostRule = one): Overload =>
  member(name, [resourceCheckType, string], resourceCheckType, (step: Step, value: string) => step.to(names.resource, { [name]: value }), cost);
const given = (what: string, value: string, step: () => Step): Step | Failure => (value.trim() === '' ? new Failure(`${what} must not be empty`) : step());

export const authorizers: readonly Overload[] = [
  member('path', [authorizerType, string], pathCheckType, (step: Step, path: string) => given('path', path, () => step.to(names.path, { path })), one),
  member('group', [authorizerType, string], groupCheckType, (step: Step, group: string) => step.to(names.group, { group }), one),
  member('serviceAccount', [authorizerType, string, string], authorizerType, serviceAccount, one),
  member('resource', [groupCheckType, string], resourceCheckType, (step: Step, resource: string) =>
    given('resource', resource, () => step.to(names.resource, { resource })), one),
  setter('subresource'), setter('namespace'), setter('name'), setter('fieldSelector', selects), setter('labelSelector', selects),
  member('check', [pathCheckType, string], decisionType, decide, checks),
  member('check', [resourceCheckType, string], decisionType, decide, checks),
  member('allowed', [decisionType], bool, (decision: Decision) => decision.allowed, one),
  member('errored', [decisionType], bool, (decision: Decision) => decision.error !== '', one),
  member('error', [decisionType], string, (decision: Decision) => decision.error, one),
  member('reason', [decisionType], string, (decision: Decision) => decision.reason, one),
];
