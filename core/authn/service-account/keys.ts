import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makePrivateFile } from '#core/authn/pki-file.ts';

/** The key that signs service account tokens. RSA: some clouds trust nothing else of an OIDC issuer. */
export interface ServiceAccountKeys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** `kid`: SHA-256 of the public key's DER, base64url. */
  readonly keyId: string;
}

/** Reads `sa.key` of the folder, or makes it. @throws {Error} when it is there and no RSA key */
export async function ensureServiceAccountKeys(dir: string): Promise<ServiceAccountKeys> {
  const path = join(dir, 'sa.key');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text !== undefined) return keysOf(text, path);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const { privateKey } = await newServiceAccountKeys();
  // Another process may have been faster.
  return keysOf(await makePrivateFile(path, privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()), path);
}

/** A key that is kept nowhere. Takes a tenth of a second or more. */
export async function newServiceAccountKeys(): Promise<ServiceAccountKeys> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return withPublicKey(privateKey);
}

function keysOf(pem: string, path: string): ServiceAccountKeys {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch (error) {
    throw new Error(`${path} is not a private key: restore it, or remove it to make a new one, which ends all service account tokens`, { cause: error });
  }
  if (privateKey.asymmetricKeyType !== 'rsa') throw new Error(`${path} must be an RSA key, it is ${privateKey.asymmetricKeyType}`);
  return withPublicKey(privateKey);
}

function withPublicKey(privateKey: KeyObject): ServiceAccountKeys {
  const publicKey = createPublicKey(privateKey);
  const keyId = createHash('sha256').update(publicKey.export({ format: 'der', type: 'spki' })).digest('base64url');
  return { privateKey, publicKey, keyId };
}
