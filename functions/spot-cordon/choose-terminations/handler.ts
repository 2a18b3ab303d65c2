import { InvalidInputError } from '#shared/errors.ts';
import { lambda } from '#shared/handlers/lambda.ts';
import { parseOrDrop } from '#shared/handlers/report.ts';
import { readPolicyConfig } from '../config.ts';
import { NOBODY } from './answer.ts';
import { answerLate } from './answer-unread.ts';
import { chooseTerminations } from './choose-terminations.ts';
import { parseTerminationRequest } from './event.ts';

const config = readPolicyConfig();

/** Auto Scaling waits two seconds, with the cold start (user guide, custom termination policies). */
const LIMIT_MS = 1200;

/** What lasts from one invocation of the process to the next. */
const memory = {};

/** Answers Auto Scaling, which invokes a termination policy function synchronously. Never throws: that would block it. */
export const handler = lambda(
  async (event, runner) => {
    const request = parseOrDrop(() => parseTerminationRequest(event));
    if (request instanceof InvalidInputError) return NOBODY;
    return runner.runWithDeadline(
      (invocation) => chooseTerminations(request, { config, invocation, memory }),
      (invocation) => answerLate(request, { config, invocation, memory }),
    );
  },
  (remainingMs) => Math.max(0, remainingMs - LIMIT_MS),
);
