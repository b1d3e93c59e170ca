import { StatusError } from '#core/api/status-error.ts';
import type { User } from '#core/api/user.ts';
import type { Headers } from '#core/apiserver/proxy/headers.ts';

/** How extension API servers are told who asks; they read these names from a ConfigMap. */
export const identityHeaders = { user: 'X-Remote-User', uid: 'X-Remote-Uid', group: 'X-Remote-Group', extraPrefix: 'X-Remote-Extra-' } as const;

/** In whose name this server itself asks. */
export const aggregator: User = { name: 'system:kube-aggregator', groups: ['system:masters', 'system:authenticated'] };

// oxlint-disable-next-line no-control-regex -- these are what a header cannot carry
const unsendable = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** Headers are bytes: what is not ASCII travels as UTF-8. @throws {StatusError} BadRequest for what cannot travel at all */
function headerValue(text: string): string {
  if (unsendable.test(text)) throw StatusError.badRequest(`the user has a property that no header can carry: ${JSON.stringify(text.slice(0, 100))}`);
  return Buffer.from(text, 'utf8').toString('latin1');
}

const legalInName = /[a-z0-9!#$&'*+\-.^_`|~]/;

/** Header names hold few characters; the others are percent-encoded, and `%` itself. */
function extraName(key: string): string {
  const escaped = [...Buffer.from(key.toLowerCase(), 'utf8')].map((byte) => {
    const character = String.fromCharCode(byte);
    return legalInName.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  });
  return `${identityHeaders.extraPrefix}${escaped.join('')}`.toLowerCase();
}

/** Says in the headers of a request in whose name it comes. @throws {StatusError} BadRequest */
export function setIdentity(headers: Headers, { name, uid, groups, extra = {} }: User): void {
  headers.set(identityHeaders.user.toLowerCase(), [headerValue(name)]);
  if (uid !== undefined && uid !== '') headers.set(identityHeaders.uid.toLowerCase(), [headerValue(uid)]);
  if (groups.length > 0) headers.set(identityHeaders.group.toLowerCase(), groups.map(headerValue));
  for (const [key, values] of Object.entries(extra)) if (values.length > 0) headers.set(extraName(key), values.map(headerValue));
}
