import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Action, GateRefusal, Service } from '#test/emulators/aws/service.ts';
import { Shapes } from '#test/emulators/aws/shapes.ts';
import { escapeXml, writeXml } from '#test/emulators/aws/xml.ts';
import { addressActions } from './addresses.ts';
import { ec2Buckets } from './buckets.ts';
import { instanceActions } from './instances.ts';
import { instanceChangeActions } from './instance-changes.ts';
import { instanceTypeActions } from './instance-type-actions.ts';
import { networkActions } from './networks.ts';
import { ec2Parameters, ec2Structures } from './parameters.ts';
import { placeActions } from './places.ts';
import { routeActions } from './routes.ts';
import { runInstances } from './run-instances.ts';
import { securityGroupActions } from './security-groups.ts';
import { ruleActions } from './security-group-rules.ts';
import { snapshotActions } from './snapshots.ts';
import { tagActions } from './tag-actions.ts';
import { attachmentActions } from './volume-attachments.ts';
import { modificationActions } from './volume-modifications.ts';
import { volumeActions } from './volumes.ts';

const version = '2016-11-15';
const namespace = `http://ec2.amazonaws.com/doc/${version}/`;

const actions: Readonly<Record<string, Action>> = {
  RunInstances: runInstances,
  ...instanceActions,
  ...instanceChangeActions,
  ...instanceTypeActions,
  ...placeActions,
  ...networkActions,
  ...securityGroupActions,
  ...ruleActions,
  ...routeActions,
  ...tagActions,
  ...volumeActions,
  ...attachmentActions,
  ...modificationActions,
  ...snapshotActions,
  ...addressActions,
};

const notValidated = 'AWS was not able to validate the provided access credentials';
const refusals: Readonly<Record<GateRefusal, (detail: string) => ApiError>> = {
  'missing credentials': () => new ApiError('MissingParameter', 'The request must contain the parameter AWSAccessKeyId'),
  'unknown key': () => new ApiError('AuthFailure', notValidated, 401),
  'bad signature': () => new ApiError('AuthFailure', notValidated, 401),
  'wrong region': () => new ApiError('AuthFailure', 'Credential should be scoped to a valid region.', 401),
  skewed: () => new ApiError('RequestExpired', 'Request has expired.'),
  'expired token': () => new ApiError('RequestExpired', 'Request has expired.'),
  throttled: () => new ApiError('RequestLimitExceeded', 'Request limit exceeded.', 503),
  internal: () => new ApiError('InternalError', 'An internal error has occurred', 500),
};

export const ec2: Service = {
  name: 'ec2',
  version,
  actions,
  supportsDryRun: true,
  shapes: new Shapes(ec2Parameters, ec2Structures),
  between: undefined,
  buckets: ec2Buckets,
  missing: (name) => new ApiError('MissingParameter', `The request must contain the parameter ${name}`),
  unknown: (name) => new ApiError('UnknownParameter', `The parameter ${name} is not recognized`),
  invalid: (field, path, value) => (field.type === 'i' || field.type === 'l' || field.type === 'b'
    ? new ApiError('InvalidParameterValue', `Value (${value}) for parameter ${path} is invalid. ${expectation(field)}`)
    : new ApiError('InvalidParameterValue', `Value (${value}) for parameter ${path} is invalid.`)),
  invalidAction: (action, asked) => (asked === version
    ? new ApiError('InvalidAction', `The action ${action} is not valid for this web service.`)
    : new ApiError('InvalidAction', `The action ${action} is not valid for this web service in version ${asked}.`)),
  refuse: (refusal, detail) => refusals[refusal](detail),
  forbidden: (action, user) => new ApiError('UnauthorizedOperation', `You are not authorized to perform this operation. User: ${user} is not authorized to perform: ec2:${action} because no identity-based policy allows the ec2:${action} action`, 403),
  answer: (action, result, requestId) => `<?xml version="1.0" encoding="UTF-8"?>\n<${action}Response xmlns="${namespace}"><requestId>${requestId}</requestId>${writeXml(result, 'item')}</${action}Response>`,
  errorBody: ({ code, message }, requestId) =>
    `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message></Error></Errors><RequestID>${requestId}</RequestID></Response>`,
};

function expectation({ type, min, max }: { readonly type: string; readonly min?: number; readonly max?: number }): string {
  if (type === 'b') return 'Expected: true or false.';
  if (min === undefined) return 'Expected: a whole number.';
  return max === undefined ? `Expecting a value not below ${min}.` : `Expecting a value between ${min} and ${max}.`;
}
