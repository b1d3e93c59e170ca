import { Secret } from '#core/api/schema/core-v1/config.ts';
import { ServiceAccount } from '#core/api/schema/core-v1/service-account.ts';
import { StatusError } from '#core/api/status-error.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import { annotationOf, isDeleting } from '#core/controllers/storage/claims.ts';
import { source, type Controller, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';

/** Makes a token that is good while the secret of that name holds it. */
export type IssueForSecret = (account: ServiceAccount, secret: string) => Promise<string>;

export interface ServiceAccountTokenOptions {
  readonly client: Client;
  readonly informers: Informers;
  /** PEM of the authority that signs the API server's certificate. */
  readonly ca: string;
  readonly issue: IssueForSecret;
}

const tokenType = 'kubernetes.io/service-account-token';
const accountName = 'kubernetes.io/service-account.name';
const accountUid = 'kubernetes.io/service-account.uid';
const byAccount = 'token-secrets-by-account';
const accountKeys = (secret: Secret): string[] =>
  (secret.type === tokenType ? [`${secret.metadata.namespace ?? ''}/${annotationOf(secret, accountName) ?? ''}`] : []);

/** Fills secrets of type `kubernetes.io/service-account-token` with a token of their account, and deletes those whose account is gone. */
export class ServiceAccountTokenController implements Controller {
  readonly name = 'service-account-token';
  readonly workers = 4;
  readonly sources: readonly Source[];
  readonly #options: ServiceAccountTokenOptions;
  readonly #secrets: Informer<Secret>;
  readonly #accounts: Informer<ServiceAccount>;

  constructor(options: ServiceAccountTokenOptions) {
    this.#options = options;
    const secrets = (this.#secrets = options.informers.for(Secret));
    secrets.addIndex(byAccount, accountKeys);
    const accounts = (this.#accounts = options.informers.for(ServiceAccount));
    this.sources = [
      source(secrets, (secret) => (secret?.type === tokenType ? [keyOf(secret)] : [])),
      source(accounts, (account, previous) => (account !== undefined && previous !== undefined ? [] : secrets.byIndex(byAccount, keyOf(account ?? previous ?? none)).map(keyOf))),
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    const secret = this.#secrets.get(key);
    if (secret?.type !== tokenType || isDeleting(secret)) return;
    const account = await this.#accountOf(secret, signal);
    const uid = annotationOf(secret, accountUid);
    try {
      if (account === undefined || (uid !== undefined && uid !== account.metadata.uid)) await this.#delete(secret, signal);
      else await this.#fill(secret, account, signal);
    } catch (error) {
      if (!StatusError.is(error, 'NotFound')) throw error;
    }
  }

  /** What the copy lacks may have been made just now, and a secret is deleted for good. */
  async #accountOf(secret: Secret, signal: AbortSignal): Promise<ServiceAccount | undefined> {
    const { namespace } = secret.metadata;
    const name = annotationOf(secret, accountName) ?? '';
    const cached = this.#accounts.get(`${namespace ?? ''}/${name}`);
    if (cached !== undefined || name === '') return cached;
    try {
      return await this.#options.client.get(ServiceAccount, { namespace, name }, signal);
    } catch (error) {
      if (!StatusError.is(error, 'NotFound')) throw error;
      return undefined;
    }
  }

  async #delete({ metadata }: Secret, signal: AbortSignal): Promise<void> {
    await this.#options.client.delete(Secret, metadata, { preconditions: { uid: metadata.uid, resourceVersion: metadata.resourceVersion } }, signal);
  }

  async #fill(secret: Secret, account: ServiceAccount, signal: AbortSignal): Promise<void> {
    const { client, ca, issue } = this.#options;
    const { data = {}, metadata } = secret;
    const encoded = (text: string): string => Buffer.from(text).toString('base64');
    const wanted = { 'ca.crt': encoded(ca), namespace: encoded(metadata.namespace ?? '') };
    const isFull = data['token'] !== undefined && data['ca.crt'] === wanted['ca.crt'] && data['namespace'] === wanted.namespace && annotationOf(secret, accountUid) === account.metadata.uid;
    if (isFull) return;
    const token = data['token'] ?? encoded(await issue(account, metadata.name));
    await client.update(Secret, {
      ...secret, data: { ...data, ...wanted, token }, metadata: { ...metadata, annotations: { ...metadata.annotations, [accountUid]: account.metadata.uid } },
    }, {}, signal);
  }
}

const none = { metadata: { name: '' } };
