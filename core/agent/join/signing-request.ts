import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { parseIp } from '#core/api/ip.ts';
import { bitString, der, objectIdentifier, octetString, sequence, set, utf8String } from './der-writer.ts';

/** Who a certificate is for, and under which names. */
export interface CertificateSubject {
  readonly commonName: string;
  readonly organization: string;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

const oids = { commonName: '550403', organization: '55040a', extensionRequest: '2a864886f70d01090e', alternativeNames: '551d11', ecdsaWithSha256: '2a8648ce3d040302' } as const;

/** A private key on P-256, PEM. */
export const newPrivateKey = (): string => generateKeyPairSync('ec', { namedCurve: 'P-256', privateKeyEncoding: { format: 'pem', type: 'pkcs8' }, publicKeyEncoding: { format: 'pem', type: 'spki' } }).privateKey;

/** A certificate signing request (PKCS#10, RFC 2986), PEM. Written by hand: the library for certificates is large, and an agent needs it for nothing else. */
export function signingRequest(privateKey: string, subject: CertificateSubject): string {
  const key = createPrivateKey(privateKey);
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const name = sequence(attribute(oids.organization, subject.organization), attribute(oids.commonName, subject.commonName));
  const info = sequence(der(0x02, Buffer.from([0])), name, publicKey, der(0xa0, ...alternativeNames(subject)));
  const signature = sign('sha256', info, { key, dsaEncoding: 'der' });
  const bytes = sequence(info, sequence(objectIdentifier(oids.ecdsaWithSha256)), bitString(signature));
  return `-----BEGIN CERTIFICATE REQUEST-----\n${bytes.toString('base64').replaceAll(/.{64}(?!$)/g, '$&\n')}\n-----END CERTIFICATE REQUEST-----\n`;
}

const attribute = (oid: string, value: string): Buffer => set(sequence(objectIdentifier(oid), utf8String(value)));

function alternativeNames({ dnsNames, ipAddresses }: CertificateSubject): Buffer[] {
  if (dnsNames.length + ipAddresses.length === 0) return [];
  const names = sequence(...dnsNames.map((name) => der(0x82, Buffer.from(name, 'latin1'))), ...ipAddresses.map((address) => der(0x87, bytesOf(address))));
  const extension = sequence(objectIdentifier(oids.alternativeNames), octetString(names));
  return [sequence(objectIdentifier(oids.extensionRequest), set(sequence(extension)))];
}

function bytesOf(address: string): Buffer {
  const parsed = parseIp(address);
  if (parsed === undefined) throw new RangeError(`${JSON.stringify(address)} is no IP address`);
  return Buffer.from(parsed.value.toString(16).padStart(parsed.family === 'IPv4' ? 8 : 32, '0'), 'hex');
}
