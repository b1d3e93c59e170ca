import { randomUUID } from 'node:crypto';
import { FieldErrors } from '#core/api/field-errors.ts';
import type { CustomResourceDefinition, WebhookConversion } from '#core/api/schema/apiextensions-v1.ts';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepCopy, deepEqual, isObject, own, type JsonObject } from '#core/api/value.ts';
import { WebhookError, type WebhookClient } from '#core/client/webhook-client.ts';
import { validateAnnotations } from '#core/registry/rules/annotations.ts';
import { FieldPath } from '#core/registry/rules/field-path.ts';
import { validateLabels } from '#core/registry/rules/selectors.ts';
import type { Converter } from './conversions.ts';
import { asJson } from './version-schema.ts';

const timeoutMs = 30_000;
/** Characters of objects that go into one call, as long as there is more than one object. */
const batchSize = 1_000_000;

/** Undefined for definitions whose versions differ by name only. */
export function conversionWebhook({ spec }: CustomResourceDefinition, client: WebhookClient): Converter | undefined {
  const { strategy, webhook } = spec.conversion ?? {};
  if (strategy !== 'Webhook' || !webhook) return undefined;
  return async (objects, apiVersion) => {
    const converted: KubernetesObject[] = [];
    for (const batch of batches(objects)) converted.push(...await new Conversion(webhook, batch, apiVersion).run(client));
    return converted;
  };
}

function* batches(objects: readonly KubernetesObject[]): IterableIterator<readonly KubernetesObject[]> {
  let batch: KubernetesObject[] = [];
  let size = 0;
  for (const object of objects) {
    const length = JSON.stringify(object).length;
    if (batch.length > 0 && size + length > batchSize) {
      yield batch;
      batch = [];
      size = 0;
    }
    batch.push(object);
    size += length;
  }
  if (batch.length > 0) yield batch;
}

/** What is wrong with an answer. */
class AnswerError extends Error {}

/** One exchange of ConversionReview, version v1 or v1beta1. */
class Conversion {
  private readonly webhook: WebhookConversion;
  private readonly objects: readonly KubernetesObject[];
  private readonly apiVersion: string;
  private readonly subject: string;

  constructor(webhook: WebhookConversion, objects: readonly KubernetesObject[], apiVersion: string) {
    this.webhook = webhook;
    this.objects = objects;
    this.apiVersion = apiVersion;
    this.subject = `conversion webhook for ${objects[0]?.apiVersion}, Kind=${objects[0]?.kind}`;
  }

  /** @throws {StatusError} InternalError */
  async run(client: WebhookClient): Promise<readonly KubernetesObject[]> {
    const answer = await this.exchange(client);
    if (answer.length !== this.objects.length) throw failure(`${this.subject} returned ${answer.length} objects, expected ${this.objects.length}`);
    return this.objects.map((object, i) => this.accept(object, answer[i], i));
  }

  private async exchange(client: WebhookClient): Promise<readonly unknown[]> {
    const uid = randomUUID();
    try {
      const version = this.webhook.conversionReviewVersions.find((name) => name === 'v1' || name === 'v1beta1');
      if (version === undefined) throw new AnswerError('no supported conversion review versions');
      const review = `apiextensions.k8s.io/${version}`;
      const answer = await client.call(this.webhook.clientConfig ?? {}, {
        kind: 'ConversionReview', apiVersion: review, request: { uid, desiredAPIVersion: this.apiVersion, objects: this.objects },
      }, { timeoutMs });
      return convertedObjects(isObject(answer) ? answer : {}, uid, review);
    } catch (error) {
      if (!(error instanceof WebhookError || error instanceof AnswerError)) throw error;
      throw failure(`${this.subject} failed: ${error.message}`, error);
    }
  }

  private accept(object: KubernetesObject, converted: unknown, index: number): KubernetesObject {
    try {
      if (!isObject(converted)) throw new AnswerError('it is no object');
      checkIdentity(object, converted, this.apiVersion);
      return { ...converted, metadata: metadataOf(object, converted) } as unknown as KubernetesObject;
    } catch (error) {
      if (!(error instanceof AnswerError)) throw error;
      throw failure(`${this.subject} returned invalid converted object at index ${index}: ${error.message}`, error);
    }
  }
}

const failure = (message: string, cause?: unknown): StatusError => new StatusError('InternalError', message, undefined, { cause });

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function convertedObjects(answer: JsonObject, uid: string, review: string): readonly unknown[] {
  const { response } = answer;
  if (review.endsWith('/v1')) {
    if (answer['apiVersion'] !== review || answer['kind'] !== 'ConversionReview') {
      throw new AnswerError(`expected webhook response of ${review}, Kind=ConversionReview, got ${text(answer['apiVersion'])}, Kind=${text(answer['kind'])}`);
    }
    if (isObject(response) && response['uid'] !== uid) throw new AnswerError(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(text(response['uid']))}`);
  }
  if (!isObject(response)) throw new AnswerError('no response provided');
  const result = isObject(response['result']) ? response['result'] : {};
  if (result['status'] !== 'Success') throw new AnswerError(text(result['message']) || `response.result.status was '${text(result['status'])}', not 'Success'`);
  const { convertedObjects: objects } = response;
  return Array.isArray(objects) ? (objects as readonly unknown[]) : [];
}

function checkIdentity(object: KubernetesObject, converted: JsonObject, apiVersion: string): void {
  const metadata = isObject(converted['metadata']) ? converted['metadata'] : {};
  const compare = (is: unknown, expected: string, say: (is: string) => string): void => {
    if (text(is) !== expected) throw new AnswerError(say(text(is)));
  };
  compare(converted['apiVersion'], apiVersion, (is) => `invalid groupVersion (expected ${apiVersion}, received ${is})`);
  compare(converted['kind'], object.kind, (is) => `invalid kind (expected ${object.kind}, received ${is})`);
  for (const [field, name] of [['name', 'name'], ['namespace', 'namespace'], ['uid', 'UID']] as const) {
    const expected = object.metadata[field] ?? '';
    compare(metadata[field], expected, (is) => `must have the same ${name}: ${expected} != ${is}`);
  }
}

/** Of the metadata, a webhook can change labels and annotations. */
function metadataOf(object: KubernetesObject, { metadata: given }: JsonObject): JsonObject {
  if (!isObject(given)) throw new AnswerError('missing metadata in converted object');
  const metadata = asJson(object)['metadata'];
  const result = deepCopy(isObject(metadata) ? metadata : {});
  for (const field of ['labels', 'annotations'] as const) {
    const map = own(given, field);
    if (map === undefined || map === null) delete result[field];
    else result[field] = textsOf(map, result[field], field);
  }
  return result;
}

function textsOf(map: unknown, old: unknown, field: 'labels' | 'annotations'): JsonObject {
  if (!isObject(map)) throw new AnswerError(`invalid metadata.${field} in converted object`);
  const stray = Object.keys(map).find((key) => typeof map[key] !== 'string');
  if (stray !== undefined) throw new AnswerError(`metadata.${field}[${stray}] must be a string`);
  if (deepEqual(map, old)) return map;
  const errors = new FieldErrors();
  const at = FieldPath.root(errors).at('metadata', field);
  if (field === 'labels') validateLabels(map as Record<string, string>, at);
  else validateAnnotations(map as Record<string, string>, at);
  if (!errors.empty) throw new AnswerError(errors.toString());
  return map;
}
