import { httpHandler } from '#shared/handlers/http.ts';
import { readDecideConfig } from '../config.ts';
import { decideApproval } from './decide-approval.ts';
import { pageHeaders } from './page-style.ts';

const config = readDecideConfig();

/** The page behind a mail's link. GET and HEAD show, POST decides. */
export const handler = httpHandler({
  headers: pageHeaders,
  maxBodyBytes: 8_192,
  handle: (request, invocation) => decideApproval(request, config, invocation),
});
