import { AdmissionChain, type AdmissionPlugin } from '#core/admission/admission.ts';
import { builtInAdmission } from '#core/admission/chain.ts';
import { authentication, type Authentication, type AuthenticationParts } from '#core/authn/authentication.ts';
import { mastersOnly, type Authorizer } from '#core/authz/authorizer.ts';
import { InProcessClient } from '#core/client/in-process.ts';
import type { ServedKinds } from '#core/client/served-kinds.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import { builtInResources } from '#core/registry/resources.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { ActionIndex, type Action } from './actions/action.ts';
import { accessReviews } from './actions/access-reviews.ts';
import { bindingActions } from './actions/binding.ts';
import { eviction } from './actions/eviction.ts';
import { selfSubjectReview, tokenReview } from './actions/reviews.ts';
import { tokenRequest } from './actions/token-request.ts';
import type { Api } from './api.ts';
import { ResourceIndex } from './resource-index.ts';
import { servedKinds } from './served-kinds.ts';
import { localVerbs } from './verbs/local-verbs.ts';

export interface AssemblyOptions {
  readonly objects: ObjectStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly authentication: Omit<AuthenticationParts, 'lookup' | 'clock'>;
  /** Besides the built-in ones, which come first. */
  readonly admission?: readonly AdmissionPlugin[];
  readonly actions?: readonly Action[];
  /** Every kind that the server knows by itself, by default. */
  readonly resources?: readonly AnyResource[];
}

/** The API without HTTP: what answers requests, and what tells who asks and whether they may. */
export interface Assembly {
  readonly api: Api;
  readonly actions: ActionIndex;
  readonly client: InProcessClient;
  readonly kinds: ServedKinds;
  readonly authentication: Authentication;
  readonly authorizer: Authorizer;
}

/** Puts the parts together; starts nothing. */
export function assemble({ objects, clock, logger, resources, admission = [], actions = [], ...options }: AssemblyOptions): Assembly {
  const ways = authentication({ ...options.authentication, lookup: (kind, namespace, name) => objects.get(kind, namespace, name), clock });
  const api: Api = {
    objects, clock, logger,
    admission: new AdmissionChain([...builtInAdmission(), ...admission], objects),
    resources: new ResourceIndex(resources ?? builtInResources),
  };
  const index = new ActionIndex([tokenRequest(ways.accountTokens), tokenReview(ways.tokens), selfSubjectReview, eviction, ...bindingActions, ...accessReviews(mastersOnly), ...actions]);
  return { api, actions: index, client: new InProcessClient(localVerbs(api, index)), kinds: servedKinds(api.resources), authentication: ways, authorizer: mastersOnly };
}
