import { createHmac, timingSafeEqual } from 'node:crypto';
import { isObject, own } from './value.ts';

/** A token with which nodes join, `abcdef.0123456789abcdef`. */
export interface BootstrapToken {
  readonly id: string;
  readonly secret: string;
}

export const bootstrapTokenType = 'bootstrap.kubernetes.io/token';
/** Secrets of bootstrap tokens stand in `kube-system` and are called this and the token's id. */
export const bootstrapTokenPrefix = 'bootstrap-token-';
/** The group of those who join with a token that kubeadm, or `keelson token create`, made. */
export const defaultJoinGroup = 'system:bootstrappers:kubeadm:default-node-token';

const form = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;

/** Undefined when the text is none. */
export function parseBootstrapToken(text: string): BootstrapToken | undefined {
  const [, id, secret] = form.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** A JSON Web Signature of the content with its payload left out (RFC 7515, appendix F), as stands in `cluster-info`. */
export function detachedSignature(content: string, { id, secret }: BootstrapToken): string {
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: id })).toString('base64url');
  return `${header}..${mac(header, content, secret)}`;
}

/** Whether whoever signed the content knew the token. */
export function isSignedWith(content: string, signature: string, { id, secret }: BootstrapToken): boolean {
  const [header = '', empty, given = '', ...more] = signature.split('.', 4);
  if (empty !== '' || more.length > 0 || !isHeaderOf(header, id)) return false;
  const [a, b] = [Buffer.from(given), Buffer.from(mac(header, content, secret))];
  return a.length === b.length && timingSafeEqual(a, b);
}

const mac = (header: string, content: string, secret: string): string =>
  createHmac('sha256', secret).update(`${header}.${Buffer.from(content).toString('base64url')}`).digest('base64url');

function isHeaderOf(text: string, id: string): boolean {
  try {
    const header: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return isObject(header) && own(header, 'alg') === 'HS256' && own(header, 'kid') === id;
  } catch {
    return false;
  }
}
