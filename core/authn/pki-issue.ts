import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
// The certificate library registers its algorithms through this when it is loaded.
import 'reflect-metadata/lite';
import {
  AuthorityKeyIdentifierExtension, BasicConstraintsExtension, ExtendedKeyUsage, ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension, Name,
  SubjectAlternativeNameExtension, SubjectKeyIdentifierExtension, X509Certificate, X509CertificateGenerator, type Extension,
} from '@peculiar/x509';

/** A certificate and its private key, both PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export interface LeafRequest extends Validity {
  readonly commonName: string;
  /** Of a client: its groups. */
  readonly organization?: string | readonly string[];
  readonly usage: 'server' | 'client';
  /** Names and addresses that a server certificate is good for. */
  readonly hosts?: readonly string[];
}

export const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A self-signed certificate that may sign others. @param key its private key, PEM; a new one by default */
export async function issueAuthority(commonName: string, validity: Validity, key?: string): Promise<KeyPair> {
  const signer = key ?? (await newKey());
  const keys = await keysOf(signer);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...validity, keys, name: [{ CN: [commonName] }], serialNumber: serialNumber(), signingAlgorithm,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: pem(certificate), key: signer };
}

/** A certificate for one server or client, signed by the authority. @param key its private key, PEM; a new one by default */
export async function issueLeaf(authority: KeyPair, request: LeafRequest, key?: string): Promise<KeyPair> {
  const own = key ?? (await newKey());
  const issuer = new X509Certificate(authority.cert);
  const certificate = await X509CertificateGenerator.create({
    notBefore: request.notBefore, notAfter: request.notAfter, serialNumber: serialNumber(), signingAlgorithm,
    issuer: issuer.subjectName, subject: subjectOf(request),
    publicKey: (await keysOf(own)).publicKey, signingKey: await signingKey(authority.key),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([request.usage === 'server' ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth]),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...alternativeNames(request.hosts ?? []),
    ],
  });
  return { cert: pem(certificate), key: own };
}

/** As texts these would be searched for quotation marks and number signs, as in RFC 4514. */
const subjectOf = ({ organization = [], commonName }: LeafRequest): Name =>
  new Name([...[organization].flat().map((utf8String) => ({ O: [{ utf8String }] })), { CN: [{ utf8String: commonName }] }]);

const alternativeNames = (hosts: readonly string[]): Extension[] =>
  hosts.length === 0 ? [] : [new SubjectAlternativeNameExtension(hosts.map((value) => ({ type: isIP(value) === 0 ? 'dns' as const : 'ip' as const, value })))];

/** A private key, PEM. */
export async function newKey(): Promise<string> {
  const { privateKey } = await crypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);
  const der = await crypto.subtle.exportKey('pkcs8', privateKey);
  return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }).export({ format: 'pem', type: 'pkcs8' }).toString();
}

async function keysOf(privateKey: string) {
  const spki = createPublicKey(createPrivateKey(privateKey)).export({ format: 'der', type: 'spki' });
  return { privateKey: await signingKey(privateKey), publicKey: await crypto.subtle.importKey('spki', spki, signingAlgorithm, true, ['verify']) };
}

export const signingKey = (privateKey: string) =>
  crypto.subtle.importKey('pkcs8', createPrivateKey(privateKey).export({ format: 'der', type: 'pkcs8' }), signingAlgorithm, false, ['sign']);

/** Positive, and never zero, as RFC 5280 wants it. */
export const serialNumber = (): string => `01${randomBytes(15).toString('hex')}`;

export const pem = (certificate: X509Certificate): string => `${certificate.toString('pem')}\n`;
