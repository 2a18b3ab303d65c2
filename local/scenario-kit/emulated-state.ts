import type { AutoScalingState } from '../account/services/autoscaling/model.ts';
import type { BackupState } from '../account/services/backup.ts';
import type { PipelinesState } from '../account/services/codepipeline/model.ts';
import type { Ec2State } from '../account/services/ec2.ts';
import type { HealthState } from '../account/services/health/state.ts';
import type { ImageBuilderState } from '../account/services/imagebuilder.ts';
import type { SnsState } from '../account/services/sns/topics.ts';
import type { Calendar, SsmState } from '../account/services/ssm.ts';
import type { StsState } from '../account/services/sts.ts';
import type { World } from './world.ts';

interface States {
  readonly autoscaling: AutoScalingState;
  readonly backup: BackupState;
  readonly codepipeline: PipelinesState;
  readonly ec2: Ec2State;
  readonly health: HealthState;
  readonly imagebuilder: ImageBuilderState;
  readonly sns: SnsState;
  readonly ssm: SsmState;
  readonly sts: StsState;
}

/** The state of an emulated service, which scenarios read and change. */
export function emulatedState<Service extends keyof States>(world: World, service: Service): States[Service] {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: each service creates the state that is listed above
  return world.serviceState(service) as States[Service];
}

/** Stores a change calendar under a name or an ARN. Its state flips at `next`. */
export function setCalendar(world: World, name: string, calendar: Calendar): void {
  emulatedState(world, 'ssm').calendars.set(name, calendar);
}

/** Nobody can assume this role from now on. Every other role can be assumed. */
export function refuseRole(world: World, roleArn: string): void {
  emulatedState(world, 'sts').refusedRoles.add(roleArn);
}
