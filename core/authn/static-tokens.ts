import { createHash } from 'node:crypto';
import type { User } from '#core/api/user.ts';
import type { TokenAuthenticator, TokenOwner } from './token-authenticator.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('base64');

/** Tokens of a file: lines of `token,user,uid,"group1,group2"`; the groups may be missing. */
export class StaticTokens implements TokenAuthenticator {
  readonly name = 'static-token';
  /** By digest, so that how long a lookup takes says nothing of the tokens. */
  private readonly users = new Map<string, User>();

  /** @throws {Error} that names the line at fault, without its token */
  constructor(text: string) {
    for (const [i, line] of text.split(/\r?\n/).entries()) {
      if (line.trim() === '') continue;
      const [token = '', name = '', uid = '', groups = ''] = fieldsOf(line);
      if (token === '' || name === '') throw new Error(`line ${i + 1} of the token file must be: token,user,uid,"group1,group2"`);
      const named = groups.split(',').map((group) => group.trim()).filter((group) => group !== '');
      this.users.set(digest(token), { name, groups: [...named, 'system:authenticated'], ...(uid === '' ? {} : { uid }) });
    }
  }

  authenticateToken(token: string, audiences: readonly string[]): TokenOwner | undefined {
    const user = this.users.get(digest(token));
    return user && { user, audiences };
  }
}

/** Fields of one CSV line; a quoted one may hold commas, and doubled quotes for one. */
function fieldsOf(line: string): string[] {
  const fields: string[] = [];
  for (const [, quoted, plain = ''] of line.matchAll(/(?:^|,)\s*(?:"((?:[^"]|"")*)"|([^,]*))/g)) {
    fields.push(quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'));
  }
  return fields;
}
