import { randomBytes } from 'node:crypto';
import type { Mapping } from '../../json.ts';
import { assumedKeyFor } from '../caller.ts';
import { check } from '../constraints.ts';
import { defineStandIn, type StandInContext } from '../emulated-service.ts';
import { ServiceError } from '../response.ts';

export interface StsState {
  /** The roles that trust nobody here, by ARN. */
  readonly refused: Set<string>;
}

/** moto's keys say nothing of who assumed the role: these do, so that later calls are still the function's. */
export default defineStandIn<StsState>({
  service: 'sts',
  createState: () => ({ refused: new Set() }),
  operations: { AssumeRole: assumeRole },
});

const constraints = {
  roleArn: { required: true, min: 20, max: 2048 },
  roleSessionName: { required: true, min: 2, max: 64, pattern: '[\\w+=,.@-]*' },
  durationSeconds: { pattern: '\\d+' },
};

function assumeRole(input: Mapping, context: StandInContext<StsState>): Mapping {
  const {
    RoleArn: roleArn,
    RoleSessionName: roleSessionName,
    DurationSeconds: durationSeconds = '3600',
  } = input;
  check({ roleArn, roleSessionName, durationSeconds }, constraints);
  const arn = String(roleArn);
  const [, account, name] = /^arn:aws[\w-]*:iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
  if (account === undefined) throw new ServiceError('ValidationError', `${arn} is invalid`);
  if (context.state.refused.has(arn)) throw refusal(arn, context);
  const session = `${name}/${roleSessionName}`;
  return {
    Credentials: {
      AccessKeyId: assumedKeyFor(context.caller, account),
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

function refusal(roleArn: string, { accountId, caller }: StandInContext<StsState>): ServiceError {
  const user = `arn:aws:sts::${accountId}:assumed-role/${caller.function}/${caller.function}`;
  const message = `User: ${user} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`;
  return new ServiceError('AccessDenied', message, 403);
}
