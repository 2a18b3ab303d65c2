import { randomBytes } from 'node:crypto';
import type { Mapping } from '../../json.ts';
import { assumedRoleKeyFor } from '../caller.ts';
import { validate } from '../constraints.ts';
import { defineEmulatedService, type ServiceContext } from '../emulated-service.ts';
import { ServiceError } from '../response.ts';

export interface StsState {
  /** The ARNs of roles that cannot be assumed. */
  readonly refusedRoles: Set<string>;
}

/** Unlike moto's, these access keys contain the caller, so that later calls count as calls of the function. */
export default defineEmulatedService<StsState>({
  service: 'sts',
  createState: () => ({ refusedRoles: new Set() }),
  operations: { AssumeRole: assumeRole },
});

const constraints = {
  roleArn: { required: true, min: 20, max: 2048 },
  roleSessionName: { required: true, min: 2, max: 64, pattern: '[\\w+=,.@-]*' },
  durationSeconds: { pattern: '\\d+' },
};

function assumeRole(input: Mapping, context: ServiceContext<StsState>): Mapping {
  const {
    RoleArn: roleArn,
    RoleSessionName: roleSessionName,
    DurationSeconds: durationSeconds = '3600',
  } = input;
  validate({ roleArn, roleSessionName, durationSeconds }, constraints);
  const arn = String(roleArn);
  const [, account, name] = /^arn:aws[\w-]*:iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
  if (account === undefined) throw new ServiceError('ValidationError', `${arn} is invalid`);
  if (context.state.refusedRoles.has(arn)) throw accessDeniedError(arn, context);
  const session = `${name}/${roleSessionName}`;
  return {
    Credentials: {
      AccessKeyId: assumedRoleKeyFor(context.caller, account),
      SecretAccessKey: randomBytes(30).toString('base64'),
      SessionToken: randomBytes(180).toString('base64'),
      Expiration: new Date(context.now() + Number(durationSeconds) * 1000),
    },
    AssumedRoleUser: {
      AssumedRoleId: `AROA3X42LBCDGROUNDCREW:${roleSessionName}`,
      Arn: `arn:aws:sts::${account}:assumed-role/${session}`,
    },
  };
}

function accessDeniedError(roleArn: string, { accountId, caller }: ServiceContext<StsState>): ServiceError {
  const user = `arn:aws:sts::${accountId}:assumed-role/${caller.function}/${caller.function}`;
  const message = `User: ${user} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`;
  return new ServiceError('AccessDenied', message, 403);
}
