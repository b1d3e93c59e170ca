import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';

import { ApiError } from './api-error.ts';
import { isObject, type Json } from './json.ts';

const account = 'emulated@emulated-project.iam.gserviceaccount.com';

/** Seconds for which a token is good. */
const lifetime = 3_599;

/**
 * Bearer tokens: those that its token endpoint and metadata server give, until they expire or are revoked; and every other one, since who signed it
 * cannot be known, unless it says itself that it has expired. Their time is the real one, as it is for the clients, however fast the cloud's goes.
 */
export class Credentials {
  readonly #given = new Map<string, number>();

  give(): { readonly access_token: string; readonly expires_in: number; readonly token_type: 'Bearer' } {
    const token = `ya29.${randomBytes(24).toString('base64url')}`;
    this.#given.set(token, Date.now() + lifetime * 1_000);
    return { access_token: token, expires_in: lifetime, token_type: 'Bearer' };
  }

  /** From now on no token is good that was given so far. */
  revoke(): void {
    for (const token of this.#given.keys()) this.#given.set(token, 0);
  }

  /** @throws {ApiError} 401 without a good token */
  user(authorization: string | undefined): string {
    if (authorization === undefined || authorization === '') throw missing();
    const token = /^Bearer (\S+)$/i.exec(authorization)?.[1];
    if (token === undefined) throw bad();
    const claims = claimsOf(token);
    const expires = this.#given.get(token) ?? (typeof claims?.['exp'] === 'number' ? claims['exp'] * 1_000 : Infinity);
    if (expires <= Date.now()) throw bad();
    return typeof claims?.['iss'] === 'string' ? claims['iss'] : account;
  }

  /** What the token endpoint answers to an assertion of a service account, a subject's token or a refresh token. */
  exchange(form: URLSearchParams): { readonly status: number; readonly body: Json } {
    const has = (field: string) => (form.get(field) ?? '') !== '';
    const refused = (error: string, description: string) => ({ status: 400, body: { error, error_description: description } });
    switch (form.get('grant_type')) {
      case 'urn:ietf:params:oauth:grant-type:jwt-bearer': {
        const claims = claimsOf(form.get('assertion') ?? '');
        if (claims === undefined) return refused('invalid_grant', 'Invalid JWT: the assertion is not a JWT.');
        const expires = claims['exp'];
        if (typeof expires !== 'number' || expires * 1_000 < Date.now()) return refused('invalid_grant', 'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.');
        return { status: 200, body: this.give() };
      }
      case 'urn:ietf:params:oauth:grant-type:token-exchange':
        return has('subject_token') ? { status: 200, body: { ...this.give(), issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' } } : refused('invalid_request', 'Missing required field: subject_token');
      case 'refresh_token':
        return has('refresh_token') ? { status: 200, body: this.give() } : refused('invalid_request', 'Missing required field: refresh_token');
      default:
        return refused('unsupported_grant_type', `Invalid grant_type: ${form.get('grant_type') ?? ''}`);
    }
  }
}

/**
 * Writes credentials for GOOGLE_APPLICATION_CREDENTIALS whose tokens come from an emulator at `url`: of a workload identity, since Node's library asks
 * Google itself for tokens of a service account's key, whatever `token_uri` the key has.
 */
export function writeCredentials(file: string, url: string): void {
  const subject = `${file}.subject`;
  writeFileSync(subject, randomBytes(24).toString('base64url'), { mode: 0o600 });
  const credentials = {
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/100000000000/locations/global/workloadIdentityPools/emulated/providers/emulated',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${url}/token`,
    credential_source: { file: subject },
  };
  writeFileSync(file, `${JSON.stringify(credentials, undefined, 2)}\n`, { mode: 0o600 });
}

/** Writes a key file of a service account, for the clients that heed its `token_uri`: gcloud, Terraform, Python's and Go's. */
export function writeServiceAccountKey(file: string, url: string, project: string): void {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = {
    type: 'service_account',
    project_id: project,
    private_key_id: randomBytes(20).toString('hex'),
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    client_email: `emulated@${project}.iam.gserviceaccount.com`,
    client_id: '100000000000000000000',
    auth_uri: `${url}/o/oauth2/auth`,
    token_uri: `${url}/token`,
  };
  writeFileSync(file, `${JSON.stringify(key, undefined, 2)}\n`, { mode: 0o600 });
}

function claimsOf(token: string): Json | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return isObject(claims) ? claims : undefined;
  } catch {
    return undefined;
  }
}

function missing(): ApiError {
  const message = 'Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.';
  return new ApiError(401, 'required', message, { inner: 'Login Required.', location: 'Authorization', locationType: 'header', status: 'UNAUTHENTICATED', details: [errorInfo('CREDENTIALS_MISSING')] });
}

function bad(): ApiError {
  const message = 'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.';
  return new ApiError(401, 'authError', message, { inner: 'Invalid Credentials', location: 'Authorization', locationType: 'header', status: 'UNAUTHENTICATED', details: [errorInfo('ACCESS_TOKEN_EXPIRED')] });
}

function errorInfo(reason: string): Json {
  return { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com', metadata: { service: 'compute.googleapis.com' } };
}
