import { ControllerRevision } from '#core/api/schema/apps-v1/controller-revision.ts';
import { DaemonSet } from '#core/api/schema/apps-v1/daemon-set.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { StatusError } from '#core/api/status-error.ts';
import { own } from '#core/api/value.ts';
import type { Client } from '#core/client/client.ts';
import { Claims } from '#core/controllers/replica-set/pod-claims.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { live } from '#core/controllers/storage/live.ts';
import { hashLabel } from './daemon-pod.ts';
import { daemonSets, type OwnRevisions } from './own-revisions.ts';
import { hashOf, holdsTemplate, revisionOf } from './revision.ts';

/** The revisions of a set. */
export interface Revisions {
  readonly current: ControllerRevision;
  readonly old: readonly ControllerRevision[];
  /** Others that hold the present template as well. */
  readonly duplicates: readonly ControllerRevision[];
}

/** Keeps the templates that sets had as ControllerRevisions. */
export class History {
  readonly #client: Client;
  readonly #revisions: OwnRevisions;

  constructor(client: Client, revisions: OwnRevisions) {
    this.#client = client;
    this.#revisions = revisions;
  }

  /**
   * The present template has a revision, and that has the highest number.
   * @throws {OwnerGoneError} when the set is not what the cache shows
   */
  async of(set: DaemonSet, signal: AbortSignal): Promise<Revisions> {
    const own = await this.#claimed(set, signal);
    const { holding = [], old = [] } = Object.groupBy(own, (revision) => (holdsTemplate(revision, set) ? 'holding' : 'old'));
    const next = Math.max(0, ...old.map(({ revision }) => revision)) + 1;
    const [newest, ...duplicates] = holding.toSorted((a, b) => b.revision - a.revision);
    if (newest === undefined) return { current: await this.#make(set, next, signal), old, duplicates };
    const current = newest.revision >= next ? newest : await this.#client.update(ControllerRevision, { ...newest, revision: next }, {}, signal);
    return { current, old, duplicates };
  }

  /** Pods of duplicates are made those of the current revision, and the duplicates go. */
  async mergeDuplicates({ current, duplicates }: Revisions, pods: readonly Pod[], signal: AbortSignal): Promise<void> {
    if (duplicates.length === 0) return;
    const hashes = new Set(duplicates.map(hashOf));
    const document = (uid: string) => ({ metadata: { uid, labels: { [hashLabel]: hashOf(current) } } });
    for (const { metadata } of pods) {
      if (!hashes.has(metadata.labels?.[hashLabel] ?? '')) continue;
      await unlessGone(this.#client.patch(Pod, metadata, { type: 'merge', document: document(metadata.uid) }, {}, signal));
    }
    for (const duplicate of duplicates) await this.#delete(duplicate, signal);
  }

  /** The oldest go that are one too many, unless pods of theirs are still there. */
  async trim(set: DaemonSet, { old }: Revisions, pods: readonly Pod[], signal: AbortSignal): Promise<void> {
    const surplus = old.length - (set.spec.revisionHistoryLimit ?? 10);
    if (surplus <= 0) return;
    const used = new Set(pods.map(({ metadata }) => metadata.labels?.[hashLabel]));
    const unused = old.filter((revision) => !used.has(hashOf(revision))).toSorted((a, b) => a.revision - b.revision);
    for (const revision of unused.slice(0, surplus)) await this.#delete(revision, signal);
  }

  async #claimed(set: DaemonSet, signal: AbortSignal): Promise<ControllerRevision[]> {
    const claims = new Claims({
      client: this.#client, kind: DaemonSet, owner: set, selector: daemonSets.selectorOf(set), signal,
      of: ControllerRevision, isClaimable: (revision: ControllerRevision) => !isDeleting(revision),
    });
    const claimed = await claims.claim(this.#revisions.of(set));
    return Promise.all(claimed.filter((revision) => !isDeleting(revision)).map((revision) => this.#labelled(revision, signal)));
  }

  /** Programs know revisions by the label; those of long ago, or of other hands, may lack it. */
  async #labelled(revision: ControllerRevision, signal: AbortSignal): Promise<ControllerRevision> {
    const { metadata } = revision;
    if (own(metadata.labels ?? {}, hashLabel) !== undefined) return revision;
    return this.#client.patch(ControllerRevision, metadata, { type: 'merge', document: { metadata: { uid: metadata.uid, labels: { [hashLabel]: metadata.name } } } }, {}, signal);
  }

  async #make(set: DaemonSet, revision: number, signal: AbortSignal): Promise<ControllerRevision> {
    const draft = revisionOf(set, revision);
    try {
      return await this.#client.create(ControllerRevision, draft, {}, signal);
    } catch (error) {
      if (!StatusError.is(error, 'AlreadyExists')) throw error;
      const existing = await live(this.#client, ControllerRevision, draft.metadata, signal);
      // The cache does not show it yet, or it is that of a set of this name that is gone.
      if (existing !== undefined && holdsTemplate(existing, set)) return existing;
      if (existing !== undefined) await this.#noteCollision(set, signal);
      throw error;
    }
  }

  /** Another template has the name. The count is part of the hash, so the next attempt makes another. */
  async #noteCollision(set: DaemonSet, signal: AbortSignal): Promise<void> {
    const now = await live(this.#client, DaemonSet, set.metadata, signal);
    if (now === undefined || now.metadata.uid !== set.metadata.uid || now.status.collisionCount !== set.status.collisionCount) return;
    await this.#client.updateStatus(DaemonSet, { ...now, status: { ...now.status, collisionCount: (now.status.collisionCount ?? 0) + 1 } }, {}, signal);
  }

  #delete({ metadata }: ControllerRevision, signal: AbortSignal): Promise<void> {
    return unlessGone(this.#client.delete(ControllerRevision, metadata, { preconditions: { uid: metadata.uid } }, signal));
  }
}

async function unlessGone(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!StatusError.is(error, 'NotFound', 'Conflict')) throw error;
  }
}
