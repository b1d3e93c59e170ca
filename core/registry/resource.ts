import type { FieldErrors } from '#core/api/field-errors.ts';
import { dnsSubdomainProblem } from '#core/api/names.ts';
import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import type { Schema } from '#core/api/schema/openapi-type.ts';
import type { JsonObject } from '#core/api/value.ts';

/** A column of `kubectl get`. */
export interface Column<T> {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  /** OpenAPI format of the type. Without one a date is called a string. */
  readonly format?: string;
  readonly description: string;
  /** 0 is always shown, 1 with `-o wide`. */
  readonly priority?: 0 | 1;
  /** @param now milliseconds since the epoch, for ages */
  cell(object: T, now: number): string | number | boolean | null;
}

/** What of the metadata is its writers' to say, besides the name. */
export type MetadataField = 'annotations' | 'finalizers' | 'labels' | 'ownerReferences';

/** For those who leave all of it as it is. */
export const allMetadata: readonly MetadataField[] = ['annotations', 'finalizers', 'labels', 'ownerReferences'];

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

/**
 * A part or a view of an object that has a URL of its own below the object's. One of `part` and `view` says how reading and
 * writing it go, and `connects` that others do; a subresource with none of these does something (`pods/eviction`), which the API server knows.
 * `status` of kinds with `hasStatus` and `finalize` of those with `hasFinalize` need not be listed.
 */
export interface Subresource<T extends KubernetesObject = KubernetesObject> {
  readonly name: string;
  /** `create` stands for a POST. */
  readonly verbs: readonly Verb[];
  /** The kind that it takes and gives, when that is not the resource's own: Scale, Eviction, TokenRequest. */
  readonly kind?: Kind;
  /** The object itself comes and goes, but only one part of it is written. */
  readonly part?: {
    /** Puts back into `object`, in place, everything of `old` that this subresource does not write, `metadata` excepted. */
    carryOver(object: T, old: T): void;
    /** What of the metadata it leaves as it is; nothing by default. */
    readonly keeps?: readonly MetadataField[];
    /** Paths of the fields that it writes, `*` for any item: through it, no others are owned (managedFields). */
    readonly writes?: readonly (readonly string[])[];
    validate?(object: T, old: T, errors: FieldErrors): void;
  };
  /** The object is shown as another kind, such as Scale. */
  readonly view?: {
    /** Metadata but for name, namespace, uid, resourceVersion and creationTimestamp is not needed. */
    read(object: T): KubernetesObject;
    /** Writes what the view says into a copy of the object, in place. */
    write(object: T, view: KubernetesObject): void;
    validate?(view: KubernetesObject, errors: FieldErrors): void;
    readonly columns: readonly Column<KubernetesObject>[];
  };
  /** The request goes on to somebody else, who answers it: a proxy, or a stream. Its verb follows from the HTTP method; `kind` is that of its options. */
  readonly connects?: {
    /** The URL may go on below it. */
    readonly withPath: boolean;
    /** It is text of the object that is read there. The options of that. */
    readonly reads?: Kind;
  };
}

/** What the server knows of a kind besides its fields. One file per resource makes one of these. */
export interface Resource<T extends KubernetesObject = KubernetesObject> {
  readonly kind: Kind<T>;
  readonly shortNames?: readonly string[];
  /** `all` puts the kind into `kubectl get all`. */
  readonly categories?: readonly string[];
  /** The status is a subresource: the main resource ignores it, and it alone is written through `/status`. */
  readonly hasStatus: boolean;
  /** A new object keeps the status that its author gave it, though later only `/status` changes it (Node). */
  readonly keepsStatusOnCreate?: boolean;
  /** What of the metadata a write to the status leaves as it is; nothing by default. */
  readonly statusKeeps?: readonly MetadataField[];
  /** The spec's finalizers are written through `/finalize` (Namespace). */
  readonly hasFinalize?: boolean;
  readonly subresources?: readonly Subresource<T>[];
  /** What can be done with it; everything by default. */
  readonly verbs?: readonly Verb[];
  /** Nothing is stored: a POST is a question that the API server answers at once (SubjectAccessReview). */
  readonly isQuestion?: boolean;
  /** Nothing is stored: what is read is observed at that moment (ComponentStatus). */
  readonly isObserved?: boolean;
  /** `metadata.generation` starts at 1 and counts changes of the spec. */
  readonly tracksGeneration?: boolean;
  /** What else than a change of the spec counts, in its place. */
  countsAsChange?(object: T, old: T): boolean;
  /** A sentence that goes with every answer, as a Warning header: the version is deprecated. */
  readonly deprecation?: string;
  /** A PUT without `metadata.resourceVersion` replaces whatever is stored; otherwise the version must be given. */
  readonly allowsUnconditionalUpdate: boolean;
  /** Syntax of `metadata.name`; returns what is wrong. A DNS subdomain by default. */
  readonly nameProblem?: (name: string) => string | undefined;

  /** Defaults that depend on other fields; the static ones stand in the schema. Changes the object in place. */
  defaults?(object: T): void;
  /** Whether objects are made now: asked before one is stored and once more afterwards, when everything that came before it is known. @throws {StatusError} */
  checkCreation?(): void;
  /** Removes what a creator may not set. Status is removed already when `hasStatus`. */
  prepareForCreate?(object: T): void;
  /** Carries over what an update through the main resource may not change. Status is carried over already when `hasStatus`. */
  prepareForUpdate?(object: T, old: T): void;
  /** Carries over what a write to the status may leave out. */
  prepareForStatus?(object: T, old: T): void;
  /** Rules for one object, at creation and after each update. Metadata, types and closed sets of values are checked already. */
  validate?(object: T, errors: FieldErrors): void;
  /** Rules that hold only when the object is created, besides `validate`. */
  validateCreate?(object: T, errors: FieldErrors): void;
  /** Rules for the step from `old` to `object`, besides `validate`. */
  validateUpdate?(object: T, old: T, errors: FieldErrors): void;
  /** Rules for a write to the status, instead of the two above. */
  validateStatus?(object: T, old: T, errors: FieldErrors): void;
  /** Sentences that go back to the writer as Warning headers. */
  warnings?(object: T, old: T | undefined): readonly string[];

  /** Seconds that a deletion leaves the object to end gracefully; 0 deletes at once. `asked` is the request's own wish. */
  gracePeriodSeconds?(object: T, asked: number | undefined): number;

  /** What else changes when the object is marked as being deleted, such as its phase. */
  prepareForDelete?(object: T): void;
  /** Finalizers that the first deletion puts on the object: somebody has to clean up after it. */
  readonly deletionFinalizers?: readonly string[];

  /** Objects of this resource are a view of another kind's storage. `encode` and `decode` undo each other and change nothing in place. */
  readonly storedAs?: {
    readonly kind: Kind;
    encode(object: T): KubernetesObject;
    decode(stored: KubernetesObject): T;
  };
  /** The view of `storedAs` takes a call to someone outside (a conversion webhook). */
  readonly conversion?: {
    /** Once it resolves, `storedAs.decode` knows these objects. @throws {StatusError} when the one outside fails */
    prepare(stored: readonly KubernetesObject[]): Promise<void>;
    /** Instead of `storedAs.encode`. */
    encode(object: T): Promise<KubernetesObject>;
  };
  /** Reads bodies instead of the schema tables, for kinds with a schema of their own: prunes, and fills in defaults. @throws {StatusError} */
  readonly codec?: {
    decode(value: JsonObject): { readonly value: JsonObject; readonly unknown: readonly string[] };
  };
  /** The published OpenAPI schema, when it is not made from the tables. */
  readonly openApi?: Schema;

  readonly columns: readonly Column<T>[];
  /** Fields by which a field selector may select, besides metadata.name and metadata.namespace; '' when not set. */
  readonly selectableFields?: Readonly<Record<string, (object: T) => string>>;
}

/** Lets lists hold resources of different kinds; each is only ever handed objects of its own. */
export type AnyResource = Resource;

/** Declares a resource. Its functions take objects of its own kind. */
export const resource = <T extends KubernetesObject>(definition: Resource<T>): AnyResource => definition as unknown as AnyResource;

export const nameProblemOf = (definition: AnyResource, name: string): string | undefined => (definition.nameProblem ?? dnsSubdomainProblem)(name);
