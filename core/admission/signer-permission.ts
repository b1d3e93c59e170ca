import type { Authorize } from '#core/api/access.ts';
import type { User } from '#core/api/user.ts';

/** Whether somebody may approve or sign what a signer issues, by its own name or by that of all signers of its domain. */
export function mayActForSigner(authorize: Authorize, user: User, verb: 'approve' | 'sign', signerName: string): boolean {
  const [domain = ''] = signerName.split('/');
  return [signerName, `${domain}/*`].some((name) =>
    authorize({ user, verb, path: '', group: 'certificates.k8s.io', version: '*', resource: 'signers', subresource: '', namespace: '', name }).allowed);
}
