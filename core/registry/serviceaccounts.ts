import { TokenRequest } from '#core/api/schema/authentication-v1.ts';
import { ServiceAccount } from '#core/api/schema/core-v1/service-account.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';

/** Of a reference to a secret only the name counts. */
function keepNames(account: ServiceAccount): void {
  if (account.secrets !== undefined) account.secrets = account.secrets.map(({ name = '' }) => ({ name }));
}

export const serviceAccounts = resource<ServiceAccount>({
  kind: ServiceAccount,
  shortNames: ['sa'],
  hasStatus: false,
  allowsUnconditionalUpdate: false,
  subresources: [{ name: 'token', verbs: ['create'], kind: TokenRequest }],

  prepareForCreate: keepNames,
  prepareForUpdate: keepNames,

  columns: [
    nameColumn,
    { name: 'Secrets', type: 'string', description: 'Number of secrets that pods of the account may use.', cell: ({ secrets = [] }) => secrets.length },
    ageColumn,
  ],
});
