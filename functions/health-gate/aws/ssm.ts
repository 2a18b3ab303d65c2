import { GetCalendarStateCommand, GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { createClient } from '#shared/aws/client.ts';
import type { Parameter } from '../domain/parameter.ts';
import type { CalendarState } from '../domain/verdict.ts';

const ssm = createClient(SSMClient, { deadlineMs: 4_000 });

/** GetParameters accepts at most ten names. */
export const MAX_NAMES = 10;

/** Existing parameters, by name. */
export async function readParameters(
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Parameter>> {
  const command = new GetParametersCommand({ Names: [...new Set(names)] });
  const { Parameters = [] } = await ssm.send(command, { abortSignal: signal });
  return new Map(
    Parameters.map(({ Name = '', Type, Value = '' }) => [
      Name,
      { text: Value, isSecret: Type === 'SecureString' },
    ]),
  );
}

/** Open only if every calendar is. */
export async function readCalendars(names: readonly string[], signal: AbortSignal): Promise<CalendarState> {
  const command = new GetCalendarStateCommand({ CalendarNames: [...names] });
  const { State, NextTransitionTime = '' } = await ssm.send(command, { abortSignal: signal });
  const changesAt = Date.parse(NextTransitionTime);
  return { isOpen: State === 'OPEN', ...(Number.isNaN(changesAt) ? {} : { changesAt }) };
}
