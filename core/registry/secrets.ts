import { dataKeyProblem } from '#core/api/names.ts';
import { Secret } from '#core/api/schema/core-v1/config.ts';
import { isObject } from '#core/api/value.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { maxDataBytes, validateImmutable } from './configmaps.ts';
import { resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';

type Rule = (secret: Secret, field: FieldPath) => void;

const needsKeys = (...keys: string[]): Rule => ({ data = {} }, field) => {
  for (const key of keys) if (!Object.hasOwn(data, key)) field.key(key).required();
};

const needsJson = (key: string): Rule => ({ data = {} }, field) => {
  const text = data[key];
  if (text === undefined) return field.key(key).required();
  const problem = jsonProblem(Buffer.from(text, 'base64').toString());
  if (problem !== undefined) field.key(key).invalid('<secret contents redacted>', problem);
};

function jsonProblem(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) || value === null ? undefined : 'must be a JSON object';
  } catch {
    // The parser's own message would quote the secret.
    return 'must be valid JSON';
  }
}

const accountName = 'kubernetes.io/service-account.name';

/** What the well-known types must contain. */
const ofType: Readonly<Record<string, Rule>> = {
  'kubernetes.io/dockercfg': needsJson('.dockercfg'),
  'kubernetes.io/dockerconfigjson': needsJson('.dockerconfigjson'),
  'kubernetes.io/basic-auth': (secret, field) => {
    if (secret.data?.['username'] === undefined && secret.data?.['password'] === undefined) needsKeys('username', 'password')(secret, field);
  },
  'kubernetes.io/ssh-auth': ({ data = {} }, field) => {
    if ((data['ssh-privatekey'] ?? '') === '') field.key('ssh-privatekey').required();
  },
  'kubernetes.io/tls': needsKeys('tls.crt', 'tls.key'),
};

export const secrets = resource<Secret>({
  kind: Secret,
  hasStatus: false,
  allowsUnconditionalUpdate: true,

  defaults(secret) {
    if (secret.stringData === undefined) return;
    const encoded = Object.entries(secret.stringData).map(([key, text]) => [key, Buffer.from(text).toString('base64')] as const);
    secret.data = { ...secret.data, ...Object.fromEntries(encoded) };
    delete secret.stringData;
  },
  validate(secret, errors) {
    const root = FieldPath.root(errors);
    const field = root.at('data');
    let total = 0;
    for (const [key, value] of Object.entries(secret.data ?? {})) {
      field.key(key).check(key, dataKeyProblem(key));
      total += Buffer.byteLength(value, 'base64');
    }
    if (total > maxDataBytes) field.tooLong(maxDataBytes);
    const { type = 'Opaque' } = secret;
    if (Object.hasOwn(ofType, type)) ofType[type]?.(secret, field);
    if (type === 'kubernetes.io/service-account-token' && (secret.metadata.annotations?.[accountName] ?? '') === '') {
      root.at('metadata', 'annotations').key(accountName).required();
    }
  },
  validateUpdate(secret, old, errors) {
    errors.immutable('type', secret.type, old.type);
    validateImmutable(secret, old, errors);
  },

  columns: [
    nameColumn,
    { name: 'Type', type: 'string', description: 'What is in the secret.', cell: ({ type }) => type ?? '' },
    { name: 'Data', type: 'string', description: 'Number of keys.', cell: ({ data = {} }) => Object.keys(data).length },
    ageColumn,
  ],
  selectableFields: { type: ({ type }) => type ?? '' },
});
