import { eventDoor } from '../../shared/doors/event.ts';
import { readExecuteConfig } from './config.ts';
import { executeApproval } from './execute-approval.ts';
import { readDue } from './occasion.ts';

const config = readExecuteConfig();

/** The wing's own events. What fails is repeated by Lambda, then by the sweep. */
export const handler = eventDoor({
  parse: readDue,
  handle: (due, tools) => executeApproval(due, config, tools),
});
