import { conditionNotMet, invalid } from './api-error.ts';
import type { Effect } from './effect.ts';
import { checkLabelFingerprint, labelFields, memberPath, memberTemplate } from './family.ts';
import { instances } from './instance-family.ts';
import { fieldOf, type Json } from './json.ts';
import { checkLabels } from './labels.ts';
import { nameFormat, nameRegex } from './links.ts';
import type { Call, Method } from './method.ts';
import { targetOf } from './operations.ts';
import { fingerprintOf } from './seeded.ts';

const keyRegex = /^[a-zA-Z0-9-_]{1,128}$/;

/** Metadata as an instance keeps it. */
export function metadataOf(asked: unknown): Json {
  const items = (fieldOf(asked, 'items') as readonly Json[] | undefined) ?? [];
  const keys = new Set<string>();
  for (const [index, { key, value }] of items.entries()) {
    const field = `resource.metadata.items[${index}]`;
    if (typeof key !== 'string' || !keyRegex.test(key)) throw invalid(`${field}.key`, key, "Must be a match of regex '[a-zA-Z0-9-_]{1,128}'");
    if (keys.has(key)) throw invalid(`${field}.key`, key, 'The key is there twice.');
    if (typeof value === 'string' && Buffer.byteLength(value) > 262_144) throw invalid(`${field}.value`, value.slice(0, 20), 'The value is longer than 262144 bytes.');
    keys.add(key);
  }
  return { kind: 'compute#metadata', fingerprint: fingerprintOf(items), ...(items.length === 0 ? {} : { items }) };
}

export function tagsOf(asked: unknown): Json {
  const items = (fieldOf(asked, 'items') as readonly string[] | undefined) ?? [];
  if (items.length > 64) throw invalid('resource.tags.items', '', 'An instance can have at most 64 tags.');
  for (const [index, tag] of items.entries()) if (!nameRegex.test(tag)) throw invalid(`resource.tags.items[${index}]`, tag, `Must be a match of regex '${nameFormat}'`);
  return { fingerprint: fingerprintOf(items), ...(items.length === 0 ? {} : { items }) };
}

function setMetadataEffect(call: Call): Effect {
  const { cloud, body } = call;
  const path = memberPath(call, instances);
  const instance = cloud.ready(path);
  const metadata = metadataOf(body);
  if (body['fingerprint'] !== fieldOf(instance['metadata'], 'fingerprint')) throw conditionNotMet('Supplied fingerprint does not match current metadata fingerprint.');
  return { ...targetOf(path, instance), operationType: 'setMetadata', begin: () => cloud.change(path, (current) => ({ ...current, metadata })) };
}

function setTagsEffect(call: Call): Effect {
  const { cloud, body } = call;
  const path = memberPath(call, instances);
  const instance = cloud.ready(path);
  const tags = tagsOf(body);
  if (body['fingerprint'] !== fieldOf(instance['tags'], 'fingerprint')) throw conditionNotMet('Supplied fingerprint does not match current tags fingerprint.');
  return { ...targetOf(path, instance), operationType: 'setTags', begin: () => cloud.change(path, (current) => ({ ...current, tags })) };
}

function setLabelsEffect(call: Call): Effect {
  const { cloud, body } = call;
  const path = memberPath(call, instances);
  const instance = cloud.ready(path);
  const labels = checkLabels(body['labels'] ?? {}, 'labels');
  checkLabelFingerprint(instance, body['labelFingerprint']);
  return { ...targetOf(path, instance), operationType: 'setLabels', begin: () => cloud.change(path, (current) => ({ ...current, ...labelFields(labels) })) };
}

export const instanceSettingMethods: readonly Method[] = [
  { id: 'compute.instances.setMetadata', verb: 'POST', path: `${memberTemplate(instances)}/setMetadata`, body: 'Metadata', effect: setMetadataEffect },
  { id: 'compute.instances.setTags', verb: 'POST', path: `${memberTemplate(instances)}/setTags`, body: 'Tags', effect: setTagsEffect },
  { id: 'compute.instances.setLabels', verb: 'POST', path: `${memberTemplate(instances)}/setLabels`, body: 'InstancesSetLabelsRequest', effect: setLabelsEffect },
];
