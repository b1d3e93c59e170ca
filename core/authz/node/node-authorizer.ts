import type { Attributes, Decision, Rules } from '#core/api/access.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { VolumeAttachment } from '#core/api/schema/storage-v1.ts';
import { nodeOf, type User } from '#core/api/user.ts';
import { isObject, own } from '#core/api/value.ts';
import { allowed, noOpinion, type Authorizer, type RuleResolver } from '#core/authz/authorizer.ts';
import { nodeRules } from '#core/authz/bootstrap/node-rules.ts';
import { anyAllows, compileRules, questionOf, type CompiledRule } from '#core/authz/rbac/compiled-rule.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { NodeGraph, type Referred } from './node-graph.ts';

/** A request of a node to some resource, with nothing left out. */
interface Request {
  readonly node: string;
  readonly verb: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly selected: (field: string) => string | undefined;
}

/** Returns why not; '' refuses without a reason, undefined allows. */
type Check = (request: Request) => string | undefined;

const leaseNamespace = 'kube-node-lease';
const among = (verb: string, verbs: string): boolean => verbs.split(' ').includes(verb);

/**
 * Lets node agents (`system:node:<name>` in `system:nodes`) read what the pods on their node need, and write what is their node's own.
 * What a request's body says is not seen here: the admission plugin NodeRestriction looks at that.
 */
export class NodeAuthorizer implements Authorizer, RuleResolver {
  readonly #objects: ObjectStore;
  readonly #checks: ReadonlyMap<string, Check>;
  /** Made at the first request of a node: before the store has started there is nothing to follow, and a cluster may have no node agents. */
  #state: { readonly graph: NodeGraph; readonly rules: readonly CompiledRule[] } | undefined;

  constructor(objects: ObjectStore) {
    this.#objects = objects;
    this.#checks = new Map<string, Check>([
      ['/secrets', (request) => this.#readOf('secret', request)],
      ['/configmaps', (request) => this.#readOf('configmap', request)],
      ['/persistentvolumeclaims', (request) => this.#claim(request)],
      ['/persistentvolumes', (request) => getOnly(request) ?? this.#related(request, () => this.#graph.reachesVolume(request.node, request.name))],
      ['resource.k8s.io/resourceclaims', (request) => getOnly(request) ?? this.#referred('resourceclaim', request)],
      ['storage.k8s.io/volumeattachments', (request) => getOnly(request) ?? this.#related(request, () => this.#isAttachmentTo(request))],
      ['/serviceaccounts', (request) => this.#account(request)],
      ['coordination.k8s.io/leases', lease],
      ['storage.k8s.io/csinodes', csiNode],
      ['resource.k8s.io/resourceslices', (request) => this.#slice(request)],
      ['/nodes', node],
      ['/pods', (request) => this.#pod(request)],
    ]);
  }

  authorize(attributes: Attributes): Decision {
    const name = nodeOf(attributes.user);
    if (name === undefined) return noOpinion();
    if (name === '') return noOpinion(`unknown node for user ${JSON.stringify(attributes.user.name)}`);
    const { verb, group = '', resource, subresource = '', namespace = '', name: object = '', fieldSelector } = attributes;
    const check = resource === undefined ? undefined : this.#checks.get(`${group}/${resource}`);
    if (check === undefined) return anyAllows(this.#ready().rules, questionOf(attributes)) ? allowed() : noOpinion();
    const why = check({ node: name, verb, subresource, namespace, name: object, selected: (field) => fieldSelector?.required(field) });
    return why === undefined ? allowed() : noOpinion(why);
  }

  rulesFor(user: User): Rules {
    const isNode = nodeOf(user) !== undefined;
    return { resourceRules: [], nonResourceRules: [], incomplete: isNode, errors: isNode ? ['node authorizer does not support user rule resolution'] : [] };
  }

  get #graph(): NodeGraph {
    return this.#ready().graph;
  }

  #ready(): { readonly graph: NodeGraph; readonly rules: readonly CompiledRule[] } {
    return (this.#state ??= { graph: new NodeGraph(this.#objects), rules: compileRules(nodeRules()) });
  }

  #related({ node: name, name: object }: Request, isRelated: () => boolean): string | undefined {
    if (object === '') return 'No Object name found';
    return isRelated() ? undefined : `no relationship found between node '${name}' and this object`;
  }

  #referred(kind: Referred, request: Request): string | undefined {
    return this.#related(request, () => this.#graph.reaches(request.node, kind, request.namespace, request.name));
  }

  #readOf(kind: Referred, request: Request): string | undefined {
    if (!among(request.verb, 'get list watch')) return 'can only read resources of this type';
    if (request.subresource !== '') return 'cannot read subresource';
    if (request.namespace === '') return 'can only read namespaced object of this type';
    return this.#referred(kind, request);
  }

  #claim(request: Request): string | undefined {
    if (request.subresource !== 'status') return getOnly(request) ?? this.#referred('persistentvolumeclaim', request);
    return among(request.verb, 'update patch') ? this.#referred('persistentvolumeclaim', request) : 'can only get/update/patch this type';
  }

  #account(request: Request): string | undefined {
    if (request.verb === 'get') return getOnly(request) ?? this.#referred('serviceaccount', request);
    if (request.verb !== 'create' || request.name === '') return 'can only create tokens for individual service accounts';
    if (request.subresource !== 'token') return 'can only create token subresource of serviceaccount';
    return this.#referred('serviceaccount', request);
  }

  #slice(request: Request): string | undefined {
    if (request.subresource !== '') return 'cannot authorize ResourceSlice subresources';
    if (request.verb === 'create') return undefined;
    if (among(request.verb, 'get update patch delete')) return this.#related(request, () => this.#isOwnSlice(request));
    if (!among(request.verb, 'watch list deletecollection')) {
      return 'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection';
    }
    return request.selected('spec.nodeName') === request.node ? undefined : 'can only list/watch/deletecollection resourceslices with nodeName field selector';
  }

  #pod(request: Request): string | undefined {
    const { verb, subresource } = request;
    if (subresource === 'status') return among(verb, 'update patch') ? undefined : '';
    if (subresource === 'eviction') return verb === 'create' ? undefined : '';
    if (subresource !== '') return '';
    if (among(verb, 'create delete')) return undefined;
    if (verb === 'get') return this.#related(request, () => this.#isOwnPod(request));
    if (!among(verb, 'list watch')) return '';
    if (request.selected('spec.nodeName') === request.node) return undefined;
    return request.name === '' ? 'can only list/watch pods with spec.nodeName field selector' : this.#related(request, () => this.#isOwnPod(request));
  }

  #isOwnPod({ node: name, namespace, name: object }: Request): boolean {
    const found = this.#objects.get(Pod, namespace, object);
    return found !== undefined && isKindOf(found, Pod) && found.spec.nodeName === name;
  }

  #isAttachmentTo({ node: name, name: object }: Request): boolean {
    const found = this.#objects.get(VolumeAttachment, undefined, object);
    return found !== undefined && isKindOf(found, VolumeAttachment) && found.spec.nodeName === name;
  }

  #isOwnSlice({ node: name, name: object }: Request): boolean {
    const found: unknown = this.#objects.get({ group: 'resource.k8s.io', plural: 'resourceslices' }, undefined, object);
    const spec = isObject(found) ? own(found, 'spec') : undefined;
    return isObject(spec) && own(spec, 'nodeName') === name;
  }
}

const getOnly: Check = ({ verb, subresource }) => {
  if (verb !== 'get') return 'can only get individual resources of this type';
  return subresource === '' ? undefined : 'cannot get subresource';
};

const lease: Check = ({ node: name, verb, namespace, name: object }) => {
  if (!among(verb, 'get create update patch delete')) return 'can only get, create, update, patch, or delete a node lease';
  if (namespace !== leaseNamespace) return `can only access leases in the "${leaseNamespace}" system namespace`;
  return verb === 'create' || object === name ? undefined : 'can only access node lease with the same name as the requesting node';
};

const csiNode: Check = ({ node: name, verb, subresource, name: object }) => {
  if (!among(verb, 'get create update patch delete')) return 'can only get, create, update, patch, or delete a CSINode';
  if (subresource !== '') return 'cannot authorize CSINode subresources';
  return verb === 'create' || object === name ? undefined : 'can only access CSINode with the same name as the requesting node';
};

const node: Check = ({ node: name, verb, subresource, name: object }) => {
  if (subresource === 'status') return among(verb, 'update patch') ? undefined : '';
  if (subresource !== '') return '';
  if (among(verb, 'create update patch')) return undefined;
  if (!among(verb, 'get list watch')) return '';
  if (object === name) return undefined;
  return object === '' ? `node '${name}' cannot read all nodes, only its own Node object` : `node '${name}' cannot read '${object}', only its own Node object`;
};
