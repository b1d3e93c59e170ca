import type { ExpressionWarning } from '#core/api/schema/admissionregistration-v1.ts';
import { ValidatingAdmissionPolicy } from '#core/api/schema/admissionregistration-v1.ts';
import { apiVersionOf, type Kind } from '#core/api/schema/kind.ts';
import { pathText } from '#core/api/value.ts';
import type { Client } from '#core/client/client.ts';
import type { ServedKinds } from '#core/client/served-kinds.ts';
import { metadataPatch } from '#core/controllers/storage/metadata-patch.ts';
import { source, type Controller, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';

export interface PolicyStatusOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly kinds: ServedKinds;
}

/** More kinds than this are not looked at: nobody reads so many warnings. */
const mostKinds = 10;

/** Tells the authors of ValidatingAdmissionPolicies what the types of the matched kinds say against their expressions. */
export class PolicyStatusController implements Controller {
  readonly name = 'policy-status';
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #kinds: ServedKinds;
  readonly #policies: Informer<ValidatingAdmissionPolicy>;

  constructor({ client, informers, kinds }: PolicyStatusOptions) {
    this.#client = client;
    this.#kinds = kinds;
    const policies = (this.#policies = informers.for(ValidatingAdmissionPolicy));
    this.sources = [source(policies, (policy) => (policy !== undefined && isDue(policy) ? [policy.metadata.name] : []))];
  }

  async reconcile(name: string, signal: AbortSignal): Promise<void> {
    const policy = this.#policies.get(name);
    if (policy === undefined || !isDue(policy)) return;
    const expressionWarnings = await this.#warnings(policy);
    const status = { observedGeneration: policy.metadata.generation, typeChecking: expressionWarnings.length === 0 ? {} : { expressionWarnings } };
    await this.#client.patchStatus(ValidatingAdmissionPolicy, policy.metadata, metadataPatch(policy, {}, { status }), {}, signal);
  }

  async #warnings({ spec }: ValidatingAdmissionPolicy): Promise<ExpressionWarning[]> {
    const kinds = this.#matched(spec);
    if (kinds.length === 0) return [];
    const { checkAgainst } = await import('#core/api/admission/type-check.ts');
    const found = new Map<string, string[]>();
    for (const kind of kinds) {
      for (const { path, text } of checkAgainst(spec, kind.struct)) {
        const field = pathText(['spec', ...path]);
        found.set(field, [...(found.get(field) ?? []), `${apiVersionOf(kind)}, Kind=${kind.kind}: ${text}`]);
      }
    }
    return [...found].map(([fieldRef, warnings]) => ({ fieldRef, warning: warnings.join('\n') }));
  }

  /** Only kinds that the rules name one by one: a star may mean anything. */
  #matched({ matchConstraints }: ValidatingAdmissionPolicy['spec']): readonly Kind[] {
    const rules = matchConstraints?.resourceRules ?? [];
    return this.#kinds.all.map(({ kind }) => kind).filter((kind) => rules.some(({ apiGroups = [], apiVersions = [], resources = [] }) =>
      apiGroups.includes(kind.group) && apiVersions.includes(kind.version) && resources.includes(kind.plural))).slice(0, mostKinds);
  }
}

const isDue = ({ metadata, status }: ValidatingAdmissionPolicy): boolean => (status?.observedGeneration ?? 0) < (metadata.generation ?? 0);
