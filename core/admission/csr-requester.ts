import { CertificateSigningRequest } from '#core/api/schema/certificates-v1.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import type { AdmissionPlugin } from './admission.ts';

/** A certificate request says who made it: approvers and signers go by that. */
export const csrRequester: AdmissionPlugin = {
  name: 'CertificateRequester',
  mutate({ operation, object, user: { name, uid = '', groups, extra = {} } }) {
    if (operation !== 'CREATE' || object === undefined || !isKindOf(object, CertificateSigningRequest)) return;
    const { username: _username, uid: _uid, groups: _groups, extra: _extra, ...rest } = object.spec;
    object.spec = {
      ...rest, username: name, groups: [...groups],
      ...(uid === '' ? {} : { uid }),
      ...(Object.keys(extra).length === 0 ? {} : { extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])) }),
    };
  },
};
